// Money that goes back: a refund and a dispute at the simulated checkout, and what the reseller reads of it.
import { DASHBOARD, go, is, pay, press, reseller } from '../lib.mjs'

/** The list shows it without being loaded again. */
const reads = async (page, words) => {
  await go(page, `${DASHBOARD}/billing`)
  await page.getByText(words).first().waitFor()
}

export default {
  'a refund leaves the balance, and a dispute freezes the account until it is won': async t => {
    const { page } = await reseller(t, { dollars: '' })
    await go(page, `${DASHBOARD}/api`)
    const id = await pay(page, '200')
    await press(page, id, 'Refund half of what is left')
    await reads(page, '−$100.00 refunded in part')
    await press(page, id, 'Dispute what is left')
    await reads(page, 'Disputed by the payer’s bank: your account is frozen until it ends')
    for (const path of ['/api', '/usage', '/billing', '/settings']) {
      await go(page, DASHBOARD + path)
      is(`the banner on ${path}`, await page.getByRole('region', { name: 'Account frozen' }).count(), 1)
    }
    await press(page, id, 'Win the dispute')
    await reads(page, '−$100.00 refunded in part')
    is('no banner', await page.getByRole('region', { name: 'Account frozen' }).count(), 0)
  },
}
