// Money forms that are sent twice: a double click, and a reload of the answer.
import { call, code, CONSOLE, cut, DASHBOARD, dialog, figure, fillKey, go, is, menu, refusal, reseller, server, sheet, shows } from '../lib.mjs'

const balance = async (page, wanted) => {
  await go(page, `${DASHBOARD}/api`)
  await shows(figure(page, 'balance.balance'), wanted)
}
// A browser without script sends a form at each of two clicks, and shows the answer to the last.
const twice = async (page, name) => {
  await page.getByRole('button', { name, exact: true }).dblclick()
  await page.waitForLoadState()
}

// The same session in a browser without script.
const withoutScript = async (t, page) => {
  const plain = await t.open({ script: false })
  await plain.context().addCookies(await page.context().cookies())
  return plain
}

export default {
  'creating a key twice makes one, in the dialog and without script': async t => {
    const { page } = await reseller(t)
    const form = await dialog(page, 'Create Key', 'Create API Key')
    await fillKey(form, 'by-dialog', '100', '60')
    await form.getByRole('button', { name: 'Create', exact: true }).dblclick()
    await sheet(page).getByRole('heading', { name: 'Key created' }).waitFor()
    is('the key is shown', await sheet(page).locator('#secret').innerText(), /^sk-ant-/)
    await balance(page, '$140.00')
    const plain = await withoutScript(t, page)
    await go(plain, `${DASHBOARD}/keys/new`)
    await fillKey(plain, 'by-page', '50', '30')
    await twice(plain, 'Create')
    await plain.getByRole('heading', { name: 'Key created' }).waitFor()
    await plain.reload()
    await plain.getByText('This key was shown once already and cannot be shown again.').waitFor()
    await balance(page, '$110.00')
    is('keys', await page.locator('article.key').count(), 2)
  },

  'topping a key up twice adds once, in the dialog and without script': async t => {
    const { page } = await reseller(t)
    const { id } = await cut(page, 'growing', '100', '60')
    await go(page, `${DASHBOARD}/api`)
    const form = await dialog(page, 'Top up growing', 'Top Up Client Key')
    await form.getByLabel('Amount').fill('50')
    await form.getByRole('button', { name: 'Confirm' }).dblclick()
    await page.waitForURL(/did=top-up/)
    await shows(figure(page, `key.${id}.budget`), '$150.00')
    await page.reload()
    await balance(page, '$110.00')
    const plain = await withoutScript(t, page)
    await go(plain, `${DASHBOARD}/keys/${id}/top-up`)
    await plain.getByLabel('Amount').fill('50')
    await twice(plain, 'Confirm')
    await plain.waitForURL(/\/api\?did=top-up/)
    await plain.reload()
    await balance(page, '$80.00')
    await shows(figure(page, `key.${id}.budget`), '$200.00')
  },

  'deleting a key twice gives its money back once': async t => {
    const { page } = await reseller(t)
    for (const label of ['by-dialog', 'by-page']) await cut(page, label, '100', '60')
    await balance(page, '$80.00')
    const form = await menu(page, 'by-dialog', 'Delete', 'Delete by-dialog')
    await form.getByLabel('Type the label to confirm').fill('by-dialog')
    await form.getByRole('button', { name: 'Delete key' }).dblclick()
    await page.waitForURL(/did=deleted/)
    await page.reload()
    await shows(figure(page, 'balance.balance'), '$140.00')
    const plain = await withoutScript(t, page)
    await go(plain, `${DASHBOARD}/api`)
    const link = plain.getByRole('link', { name: 'by-page', exact: true })
    await go(plain, `${DASHBOARD}${await link.getAttribute('href')}/delete`)
    await plain.getByLabel('Type the label to confirm').fill('by-page')
    await twice(plain, 'Delete key')
    await plain.waitForURL(/did=deleted/)
    await plain.reload()
    await balance(page, '$200.00')
  },

  'rotating a key twice makes one new secret': async t => {
    const { page, who } = await reseller(t)
    const { secret } = await cut(page, 'turned', '10', '6')
    await server('age', who)
    await go(page, `${DASHBOARD}/api`)
    const form = await menu(page, 'turned', 'Rotate', 'Rotate turned')
    await form.getByRole('button', { name: 'Rotate key' }).dblclick()
    await form.getByLabel('Code from your mail').fill(await code(who))
    await form.getByRole('button', { name: 'Rotate key' }).dblclick()
    const made = sheet(page)
    await made.locator('#secret').waitFor()
    const next = await made.locator('#secret').innerText()
    await call(next)
    is('the old one', await refusal(secret), 401)
  },

  'a top-up that is sent twice and paid once is credited once': async t => {
    const { page } = await reseller(t, { dollars: '' })
    await go(page, `${DASHBOARD}/api`)
    const form = await dialog(page, 'Top Up', 'Top Up')
    await form.getByLabel('Amount').fill('200')
    await form.getByRole('button', { name: 'Continue to payment' }).dblclick()
    await page.waitForURL(`${CONSOLE}/_dev/checkout/*`)
    await page.getByRole('button', { name: 'Pay in full' }).dblclick()
    await page.waitForURL(url => url.origin === DASHBOARD)
    await page.reload()
    await balance(page, '$200.00')
    await go(page, `${DASHBOARD}/billing`)
    is('top-ups', await page.getByRole('region', { name: 'Top-ups' }).locator('li').count(), 1)
  },
}
