// Codes that the operator mints at the command line, and what the reseller reads who types one.
import { DASHBOARD, dialog, figure, go, is, minted, reseller, shows } from '../lib.mjs'

const NOT_TAKEN = 'This code cannot be redeemed: it may be mistyped, used, expired or withdrawn. Check it, or ask who gave it to you.'
const MALFORMED = 'A code has 25 letters and digits, such as 7KQ2M-… in five groups. Type it whole.'

/** The form on the page, not the one in a dialog. */
const type = async (page, code) => {
  await page.getByLabel('Code', { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Redeem', exact: true }).click()
}

export default {
  'a code is redeemed below Top Up and on its own page, once, and wrong ones are refused in words': async t => {
    const { page } = await reseller(t, { dollars: '' })
    const [first, second] = await minted('25', 2)

    // In the dialog, as people type: small letters, blanks for hyphens.
    const sheet = await dialog(page, 'Top Up', 'Top Up')
    await sheet.getByLabel('Redeem a code').fill(first.toLowerCase().replaceAll('-', ' '))
    await sheet.getByRole('button', { name: 'Redeem', exact: true }).click()
    await page.waitForURL(`${DASHBOARD}/billing?redeemed=*`)
    await page.getByText('+$25.00 from your code is on your balance.').waitFor()
    await shows(figure(page, 'balance.balance'), '$25.00')

    // The same one again: nothing comes twice, and nobody is told of an error of theirs.
    await go(page, `${DASHBOARD}/redeem`)
    await type(page, first)
    await page.waitForURL(`${DASHBOARD}/billing?redeemed=*`)
    await shows(figure(page, 'balance.balance'), '$25.00')

    // Another person has it no more.
    const { page: other } = await reseller(t, { name: 'late', dollars: '' })
    await go(other, `${DASHBOARD}/redeem`)
    await type(other, first)
    await other.getByText(NOT_TAKEN).first().waitFor()
    is('what was typed stays', await other.getByLabel('Code', { exact: true }).inputValue(), first)
    is('the field', await other.getByLabel('Code', { exact: true }).getAttribute('aria-invalid'), 'true')

    // One sign wrong, and no code at all.
    await type(other, second.slice(0, -1) + (second.endsWith('2') ? '3' : '2'))
    await other.locator('#code-err:not([hidden])').waitFor()
    await type(other, 'hello')
    await other.getByText(MALFORMED).first().waitFor()
    await go(other, `${DASHBOARD}/billing`)
    await shows(figure(other, 'balance.balance'), '$0.00')

    // On its own page, without script.
    const plain = await t.open({ script: false, width: 390 })
    await plain.context().addCookies(await other.context().cookies())
    await go(plain, `${DASHBOARD}/redeem`)
    await type(plain, second)
    await plain.getByText('+$25.00 from your code is on your balance.').waitFor()
    is('the movement', await plain.getByText('Redemption code').count() > 0, true)
  },
}
