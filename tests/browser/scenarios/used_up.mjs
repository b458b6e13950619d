import { client, createKey, dialog, figure, is, refusal, reseller, shows, spend } from '../lib.mjs'

export default {
  'a key is used up while both of its pages are open, and lives on after a top-up': async t => {
    const { page } = await reseller(t)
    const { secret, id } = await createKey(page, 'small', '1', '0.6')
    const acme = (await client(t, secret)).page
    const chip = p => p.locator(`[data-chip="key.${id}"]`)
    for (const p of [page, acme]) {
      await shows(chip(p), 'Active')
      await p.evaluate(() => { window.opened = 'once' })
    }
    await spend(secret, 0.54)
    for (const p of [page, acme]) await shows(chip(p), '10% left')
    await spend(secret, 0.06)
    for (const p of [page, acme]) {
      await shows(chip(p), 'Used up')
      await shows(figure(p, `key.${id}.remaining`), '$0.00')
      await shows(figure(p, `key.${id}.spent`), '$1.00')
      is('nothing was loaded again', await p.evaluate(() => window.opened), 'once')
    }
    is('the next call', await refusal(secret), 402)
    const form = await dialog(page, 'Top up small', 'Top Up Client Key')
    await form.getByLabel('Amount').fill('1')
    await form.getByRole('button', { name: 'Confirm' }).click()
    for (const p of [page, acme]) await shows(chip(p), 'Active')
    await spend(secret, 0.3)
    await shows(figure(acme, `key.${id}.remaining`), '$0.50')
  },

  'a paused key says so on both sides and refuses, until it is resumed': async t => {
    const { page } = await reseller(t)
    const { secret, id } = await createKey(page, 'resting', '10', '6')
    const acme = (await client(t, secret)).page
    const chip = p => p.locator(`[data-chip="key.${id}"]`)
    await page.getByRole('button', { name: 'Pause resting' }).click()
    await shows(chip(page), 'Paused by you')
    await shows(chip(acme), 'Paused')
    is('a call', await refusal(secret), 403)
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
    await shows(chip(page), 'Active')
    await shows(chip(acme), 'Active')
    await spend(secret, 0.6)
    await shows(figure(acme, `key.${id}.remaining`), '$9.00')
  },
}
