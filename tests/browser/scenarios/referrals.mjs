// One reseller brings another by its link, and sees what that one's clients use.
import { address, cut, DASHBOARD, enter, fund, go, is, reseller, shows, spend, until } from '../lib.mjs'

const card = (page, word) => page.locator('.card', { has: page.locator('dt', { hasText: word }) }).locator('.figure')

export default {
  'a link is copied, a second browser signs up through it, and what it uses is commission that waits': async t => {
    const { page } = await reseller(t, { name: 'referrer', dollars: '' })
    await page.getByRole('link', { name: 'Referrals', exact: true }).first().click()
    await page.getByRole('heading', { name: 'Nobody came by your link yet' }).waitFor()
    await page.getByRole('button', { name: 'Copy link' }).click()
    const link = await page.getByLabel('Link to share').inputValue()
    is('the link', link, new RegExp(`^${DASHBOARD}/login\\?ref=[0-9a-f]{12}$`))

    // Without script: the link needs none.
    const friend = await t.open({ script: false }), who = address('friend')
    await go(friend, link)
    await enter(friend, who)
    await fund(who, '200')
    const { secret } = await cut(friend, 'theirs', '100', '60')
    await spend(secret, 6)

    const looked = async () => {
      await go(page, `${DASHBOARD}/referrals`)
      return (await card(page, 'Pending').innerText()) !== '$0.00'
    }
    await until('the commission', looked, 30_000)
    await shows(card(page, 'Referred consumption'), '$6.00')
    await shows(card(page, 'Pending'), '$0.30')
    await shows(card(page, 'Paid to your balance'), '$0.00')
    await page.getByText(/^\s*Pending until \d/).first().waitFor()
    is('the whole address', (await page.content()).includes(who), false)
    await page.getByText('f…@mail.example').first().waitFor()
  },
}
