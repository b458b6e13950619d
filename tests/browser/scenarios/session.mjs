// A session that ends while something is being typed.
import { address, ask, client, createKey, cut, DASHBOARD, dialog, enter, figure, fillKey, go, is, PORTAL, reseller, shows, spend } from '../lib.mjs'

const signOutElsewhere = async (page, site) => {
  const other = await page.context().newPage()
  await go(other, site === PORTAL ? `${PORTAL}/account` : `${DASHBOARD}/settings`)
  await other.getByRole('button', { name: 'Sign out everywhere' }).click()
  await other.waitForURL(/\/(login|sign-in)/)
  await other.close()
}

export default {
  'a session that ended while a key was being typed leads to sign-in and back to the form': async t => {
    const { page, who } = await reseller(t)
    const form = await dialog(page, 'Create Key', 'Create API Key')
    await fillKey(form, 'late', '100', '60')
    await signOutElsewhere(page, DASHBOARD)
    await form.getByRole('button', { name: 'Create', exact: true }).click()
    await page.waitForURL(`${DASHBOARD}/login?next=*`)
    await enter(page, who)
    is('the form', new URL(page.url()).pathname, '/keys/new')
    is('the label', await page.getByLabel('Label').inputValue(), 'late')
    is('the budget', await page.getByLabel('Client budget').inputValue(), '100')
    is('what is debited', await page.locator('[data-out=debit]').innerText(), '−$60.0000')
    await go(page, `${DASHBOARD}/api`)
    await shows(figure(page, 'balance.balance'), '$200.00')
  },

  'the same on a page of its own, for each form that moves money': async t => {
    const { page, who } = await reseller(t)
    const { id } = await cut(page, 'waiting', '10', '6')
    for (const [path, field, button] of [[`/keys/${id}/top-up`, '#amount', 'Confirm'], [`/keys/${id}/delete`, '#confirm', 'Delete key'], ['/top-up', '#amount', 'Continue to payment']]) {
      await go(page, DASHBOARD + path)
      await page.locator(field).fill(field === '#confirm' ? 'waiting' : '50')
      await signOutElsewhere(page, DASHBOARD)
      await page.getByRole('button', { name: button }).click()
      await page.waitForURL(`${DASHBOARD}/login?next=*`)
      await enter(page, who)
      is('back at the form', new URL(page.url()).pathname, path)
      if (field === '#amount') is('the amount', await page.locator(field).inputValue(), '50')
    }
    await go(page, `${DASHBOARD}/api`)
    await shows(figure(page, 'balance.balance'), '$194.00')
  },

  'a form of an ended session is refused after signing in again, and says what to do': async t => {
    const { page, who } = await reseller(t)
    await go(page, `${DASHBOARD}/keys/new`)
    await fillKey(page, 'stale', '100', '60')
    await signOutElsewhere(page, DASHBOARD)
    const other = await page.context().newPage()
    await go(other, `${DASHBOARD}/login`)
    await enter(other, who)
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('It was opened in another session, so nothing was changed.').waitFor()
    await page.getByRole('link', { name: /again/i }).first().click()
    is('the form, anew', new URL(page.url()).pathname, '/keys/new')
    is('the label', await page.getByLabel('Label').inputValue(), 'stale')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('heading', { name: 'Key created' }).waitFor()
  },

  'live figures of an ended session lead to sign-in by themselves': async t => {
    const { page } = await reseller(t)
    const { secret } = await cut(page, 'seen', '10', '6')
    await go(page, `${DASHBOARD}/api`)
    await ask(page, '/api/v1/sessions', undefined, 'DELETE')
    await spend(secret, 0.6)
    await page.waitForURL(`${DASHBOARD}/login*`, { timeout: 30_000 })
  },

  'a client whose session ended in the middle of binding comes back to binding': async t => {
    const { page } = await reseller(t)
    const { secret } = await createKey(page, 'bound', '10', '6')
    const { page: acme, who } = await client(t, secret)
    await acme.getByLabel(/^Keys: /).click()
    const form = await dialog(acme, 'Bind another key', 'Bind your API key')
    await form.getByRole('textbox', { name: 'API key' }).fill(secret)
    await signOutElsewhere(acme, PORTAL)
    await form.getByRole('button', { name: 'Bind key' }).click()
    await acme.waitForURL(`${PORTAL}/sign-in?next=*`)
    is('the key is in no address', acme.url().includes('sk-ant-'), false)
    await enter(acme, who)
    is('back at the form', new URL(acme.url()).pathname, '/bind')
    is('the key is not kept', await acme.getByRole('textbox', { name: 'API key' }).inputValue(), '')
  },
}
