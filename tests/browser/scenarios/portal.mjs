import { bind, client, createKey, dialog, figure, go, is, PORTAL, reseller, shows, spend } from '../lib.mjs'

const unbind = async page => {
  await page.getByLabel(/^More for /).click()
  const form = await dialog(page, 'Unbind', /^Unbind/)
  await form.getByRole('button', { name: 'Unbind' }).click()
}

export default {
  'two people watch one key, and each names it alone': async t => {
    const { page } = await reseller(t)
    const { secret, id } = await createKey(page, 'shared', '10', '6')
    const [ann, bob] = [await client(t, secret, { name: 'ann' }), await client(t, secret, { name: 'bob' })]
    await spend(secret, 3)
    for (const { page } of [ann, bob]) await shows(figure(page, `key.${id}.remaining`), '$5.00')
    await ann.page.getByLabel(/^More for /).click()
    const form = await dialog(ann.page, 'Name this key', 'Name this key')
    await form.getByLabel('Your name for it').fill('Ann’s key')
    await form.getByRole('button', { name: 'Save' }).click()
    await ann.page.getByRole('heading', { name: 'Ann’s key' }).waitFor({ state: 'attached' })
    await bob.page.reload()
    is('the other person', (await bob.page.content()).includes('Ann’s key'), false)
    is('neither address is shown to the other', (await bob.page.content()).includes(ann.who), false)
    await unbind(ann.page)
    await ann.page.waitForURL(/\/bind/)
    await spend(secret, 0.6)
    await shows(figure(bob.page, `key.${id}.remaining`), '$4.00')
  },

  'one person watches two keys and unbinds one': async t => {
    const { page } = await reseller(t)
    const one = await createKey(page, 'first', '10', '6'), two = await createKey(page, 'second', '20', '6')
    const ann = (await client(t, one.secret)).page
    await ann.getByLabel(/^Keys: /).click()
    await dialog(ann, 'Bind another key', 'Bind your API key')
    await bind(ann, two.secret, 'Batch jobs')
    is('the second key', new URL(ann.url()).pathname, `/keys/${two.id}`)
    await go(ann, `${PORTAL}/`)
    is('two keys have a page of their own', new URL(ann.url()).pathname, '/keys')
    await spend(one.secret, 0.6)
    await spend(two.secret, 0.6)
    await shows(figure(ann, `key.${one.id}.remaining`), '$9.00')
    await shows(figure(ann, `key.${two.id}.remaining`), '$18.00')
    await ann.getByRole('link', { name: 'Batch jobs' }).click()
    await shows(figure(ann, `key.${two.id}.budget`), '$20.00')
    await unbind(ann)
    await ann.waitForURL(new RegExp(one.id))
    t.allow(/status of 404/)
    await go(ann, `${PORTAL}/keys/${two.id}`)
    await ann.getByText('There is no such page, or the key is not bound to your address.').waitFor()
  },

  'a wrong key is refused without saying why, and is not sent back': async t => {
    const { page } = await reseller(t)
    const { secret } = await createKey(page, 'asked-for', '10', '6')
    const ann = (await client(t, secret)).page
    await go(ann, `${PORTAL}/bind`)
    for (const wrong of ['sk-ant-' + '0'.repeat(64), 'hello', '']) {
      await ann.getByRole('textbox', { name: 'API key' }).fill(wrong)
      await ann.getByRole('button', { name: 'Bind key' }).click()
      await ann.locator('#key-err:visible, [role=alert]').first().waitFor()
      is('the field', await ann.getByRole('textbox', { name: 'API key' }).inputValue(), '')
    }
  },
}
