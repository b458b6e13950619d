// The reseller guide from the first dollar to the last, with its own words and figures.
import { address, call, client, DASHBOARD, dialog, figure, fillKey, go, is, keep, menu, pay, PORTAL, refusal, sheet, shows, signIn, spend, until, valueOf } from '../lib.mjs'

const LABEL = 'acme-corp-prod'
const out = (form, name) => form.locator(`[data-out=${name}]`)

const signUpAndPay = async (page, who) => {
  await signIn(page, DASHBOARD, who)
  await page.waitForURL(`${DASHBOARD}/api`)
  await shows(figure(page, 'balance.balance'), '$0.00')
  await pay(page, '200')
  await go(page, `${DASHBOARD}/api`)
  await page.getByText('Account Balance', { exact: true }).waitFor()
  await shows(figure(page, 'balance.balance'), '$200.00')
  await shows(page.locator('.avail'), 'Available: $200.00')
}

const createTheKey = async page => {
  const form = await dialog(page, 'Create Key', 'Create API Key')
  is('only two numbers and a label are asked for', await form.locator('input:visible').count(), 3)
  await form.getByText(/^What your client will see on /).waitFor()
  await shows(form.locator('#cost-hint'), 'Debited from your main balance · Available: $200.0000')
  await form.getByLabel('Label').pressSequentially(LABEL)
  await form.getByLabel('Client budget').pressSequentially('100')
  await form.getByLabel('Your cost').pressSequentially('6')
  await shows(out(form, 'share'), '94%')
  await form.getByLabel('Your cost').pressSequentially('0')
  await shows(out(form, 'price'), '$100.00 to spend')
  await shows(out(form, 'share'), '40%')
  await shows(out(form, 'gain'), '$40.00')
  await shows(out(form, 'debit'), '−$60.0000')
  await shows(out(form, 'after'), '$140.0000')
  await form.getByRole('button', { name: 'Create', exact: true }).click()
}

const copyForTheClient = async page => {
  const made = sheet(page), clipboard = () => page.evaluate(() => navigator.clipboard.readText())
  await made.getByText('Shown once. Store it now.').waitFor()
  const secret = await made.locator('#secret').innerText()
  is('the key', secret, /^sk-ant-[0-9a-f]{64}$/)
  await made.getByRole('button', { name: 'Copy key' }).click()
  is('Copy key', await until('the clipboard', clipboard), secret)
  await made.getByRole('button', { name: 'Copy message' }).click()
  await until('Copied', () => made.getByRole('button', { name: 'Copied' }).nth(1).isVisible())
  const message = await until('the message', async () => (await clipboard()).startsWith('Hi') && clipboard())
  is('Copy message', message, `Hi ${LABEL}, Your API key: ${secret} To track usage, visit: ${PORTAL} (Sign in with your email OTP, bind the key once.)`)
  const kept = await keep(page, LABEL)
  await shows(figure(page, 'balance.balance'), '$140.00')
  return { ...kept, secret }
}

const secretIsNowhere = async (page, secret) => {
  await page.reload()
  is('the key is shown once', (await page.content()).includes(secret), false)
}

const seesTheBudget = async (page, id) => {
  await shows(figure(page, `key.${id}.remaining`), '$100.00')
  await shows(figure(page, `key.${id}.budget`), '$100.00')
  neverTheCost(await page.content())
}
const neverTheCost = html => {
  for (const canary of ['$60', '60.00', '40%', '$13.68', '$20.52', LABEL, 'margin', 'profit', 'ming']) is(`${canary} in the portal`, html.includes(canary), false)
}

/** The SDK spends exactly $34.20 at the client's price, while both pages stay open. */
const earnsLive = async (page, acme, { secret, id }) => {
  for (const p of [page, acme]) await p.evaluate(() => { window.opened = 'once' })
  for (const [cost, spent, profit] of [[6, '$10.00', '$4.00'], [9, '$25.00', '$10.00'], [5.52, '$34.20', '$13.68']]) {
    await spend(secret, cost)
    await shows(figure(page, `key.${id}.spent`), spent)
    await shows(figure(page, `key.${id}.profit`), profit)
    await shows(figure(page, 'profit.total'), profit)
    await shows(figure(acme, `key.${id}.spent`), spent)
  }
  await shows(figure(page, `key.${id}.remaining`), '$65.80')
  await shows(figure(acme, `key.${id}.remaining`), '$65.80')
  is('the bar', await page.locator(`[data-bar="key.${id}.used"]`).first().getAttribute('width'), '34.2%')
  for (const p of [page, acme]) is('nothing was loaded again', await p.evaluate(() => window.opened), 'once')
}

const topsTheKeyUp = async (page, acme, { id }) => {
  const form = await dialog(page, `Top up ${LABEL}`, 'Top Up Client Key')
  await form.getByText(/^sk-ant-.{5}… · acme-corp-prod$/).waitFor()
  await form.getByLabel('Amount').pressSequentially('50')
  await shows(out(form, 'debit'), '−$30.0000')
  await shows(out(form, 'total'), '$150.00')
  await shows(out(form, 'after'), '$110.0000')
  await form.getByText('Available: $140.0000').waitFor()
  await form.getByRole('button', { name: 'Confirm' }).click()
  await shows(figure(page, 'balance.balance'), '$110.00')
  await shows(figure(page, `key.${id}.budget`), '$150.00')
  await shows(figure(acme, `key.${id}.budget`), '$150.00')
  await shows(figure(acme, `key.${id}.remaining`), '$115.80')
}

const deletesTheKey = async (page, { secret }) => {
  const form = await menu(page, LABEL, 'Delete', `Delete ${LABEL}`)
  await shows(valueOf(form, 'Returned to you now'), '$69.48')
  await shows(valueOf(form, 'Stays billed'), '$20.52')
  await form.getByLabel('Type the label to confirm').fill(LABEL)
  await form.getByRole('button', { name: 'Delete key' }).click()
  await shows(figure(page, 'balance.balance'), '$179.48')
  is('it left the list', await page.getByRole('link', { name: LABEL, exact: true }).count(), 0)
  is('a call with it', await refusal(secret), 401)
}

const sharesWithoutMarkup = async page => {
  const form = await dialog(page, 'Create Key', 'Create API Key')
  await fillKey(form, 'team', '10', '10')
  await shows(out(form, 'even'), 'No markup (internal share)')
  await form.getByRole('button', { name: 'Create', exact: true }).click()
  await keep(page, 'team')
  await page.locator('article', { hasText: 'team' }).getByText('No markup (internal share)').waitFor()
}

export default {
  'the reseller guide, from $200 to the first profit and back': async t => {
    const page = await t.open()
    await signUpAndPay(page, address('ming'))
    await createTheKey(page)
    const key = await copyForTheClient(page)
    await secretIsNowhere(page, key.secret)
    const { page: acme } = await client(t, key.secret, { name: 'acme' })
    await seesTheBudget(acme, key.id)
    await earnsLive(page, acme, key)
    await topsTheKeyUp(page, acme, key)
    neverTheCost(await acme.content())
    await deletesTheKey(page, key)
    await sharesWithoutMarkup(page)
  },
}
