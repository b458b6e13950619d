import { createKey, DASHBOARD, dialog, figure, go, is, reseller, sheet, shows, spend } from '../lib.mjs'

export default {
  'what is done in one tab is seen in the other, whose open form still works': async t => {
    const { page: one } = await reseller(t)
    const { secret, id } = await createKey(one, 'watched', '50', '30')
    const two = await one.context().newPage()
    await go(two, `${DASHBOARD}/api`)
    const form = await dialog(two, 'Top up watched', 'Top Up Client Key')
    await form.getByLabel('Amount').fill('10')
    await spend(secret, 6)
    for (const tab of [one, two]) await shows(figure(tab, `key.${id}.spent`), '$10.00')
    const other = await createKey(one, 'second', '20', '10')
    await shows(figure(two, 'balance.balance'), '$160.00')
    is('the open form stays, as typed', await form.getByLabel('Amount').inputValue(), '10')
    await form.getByRole('button', { name: 'Confirm' }).click()
    for (const tab of [one, two]) {
      await shows(figure(tab, 'balance.balance'), '$154.00')
      await shows(figure(tab, `key.${id}.budget`), '$60.00')
      await shows(figure(tab, `key.${other.id}.budget`), '$20.00')
    }
    is('the dialog is gone', await sheet(two).count(), 0)
  },

  'signing out in one tab leads the other to sign-in at its next step': async t => {
    const { page: one } = await reseller(t)
    const two = await one.context().newPage()
    await go(two, `${DASHBOARD}/billing`)
    await one.locator('.side summary').click()
    await one.getByRole('button', { name: 'Sign out' }).click()
    await one.waitForURL(`${DASHBOARD}/login`)
    await two.locator('.side').getByRole('link', { name: 'Usage' }).click()
    await two.waitForURL(`${DASHBOARD}/login?next=%2Fusage`)
  },
}
