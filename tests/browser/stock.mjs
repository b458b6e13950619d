// People with keys in every state, made through the product itself: what pages are looked at with.
import { address, ask, bind, call, cut, DASHBOARD, enter, fund, go, operate, pay, PORTAL, press, signIn, spend, until } from './lib.mjs'

/** The cookies of a page's person, for another context. */
const kept = page => page.context().cookies()

const resellerOf = async (t, who, dollars) => {
  const page = await t.open()
  await signIn(page, DASHBOARD, who)
  if (dollars) await fund(who, dollars)
  await go(page, `${DASHBOARD}/api`)
  return page
}

const CALLS = [
  { usage: { input_tokens: 1204, output_tokens: 612, cache_read_input_tokens: 30010 } },
  { usage: { input_tokens: 88, output_tokens: 1930, cache_creation_input_tokens: 9016 } },
  { usage: { input_tokens: 12031, output_tokens: 77 } },
  { model: 'claude-haiku-5-5', usage: { input_tokens: 2500, output_tokens: 410 } },
]

/** Few keys: one at $34.20 of $100, one low, one used up, one paused, one shared inside, one deleted. */
const few = async (t, who) => {
  const page = await resellerOf(t, who)
  const topUp = `/billing/${await pay(page, '500')}`
  await go(page, `${DASHBOARD}/api`)
  const keys = {}
  for (const [label, budget, cost] of [['research-team', '40', '40'], ['initech-trial', '5', '3'], ['globex-staging', '20', '15'], ['northwind-batch', '50', '35'], ['gone', '10', '6'], ['acme-corp-prod', '100', '60']]) {
    keys[label] = await cut(page, label, budget, cost)
  }
  await spend(keys['research-team'].secret, 11.4)
  await spend(keys['initech-trial'].secret, 3)
  await spend(keys['northwind-batch'].secret, 30.8)
  await ask(page, `/api/v1/keys/${keys['globex-staging'].id}/pause`)
  await spend(keys.gone.secret, 1.2)
  await ask(page, `/api/v1/keys/${keys.gone.id}`, undefined, 'DELETE')
  for (const script of CALLS) await call(keys['acme-corp-prod'].secret, script)
  const { spent } = await ask(page, `/api/v1/keys/${keys['acme-corp-prod'].id}`, undefined, 'GET')
  await spend(keys['acme-corp-prod'].secret, (34.2 - Number(spent)) * 0.6)
  return { page, who, keys, topUp }
}

const many = async t => {
  const page = await resellerOf(t, address('many'), '900')
  for (let i = 1; i <= 14; i++) await cut(page, `client-${String(i).padStart(2, '0')} with a rather long label`, '60', '40')
  return page
}

const frozen = async t => {
  const who = address('frozen'), page = await resellerOf(t, who, '100')
  await cut(page, 'cold', '10', '6')
  await operate(`/op/accounts/${who}/freeze`, { frozen: true, reason: 'disputed payment', id: who })
  return page
}

/** Half of what was paid is refunded, the rest disputed, and part of it was spent. */
const takenBack = async t => {
  const page = await resellerOf(t, address('taken-back')), id = await pay(page, '200')
  await go(page, `${DASHBOARD}/api`)
  await cut(page, 'sold', '150', '90')
  await press(page, id, 'Refund half of what is left')
  await press(page, id, 'Dispute what is left')
  await press(page, id, 'Withdraw the disputed money')
  await go(page, `${DASHBOARD}/billing`)
  await page.getByRole('region', { name: 'Account frozen' }).waitFor()
  return { page, receipt: `/billing/${id}` }
}

/** A referrer whose only referee has spent something that is commission by now. */
const referrer = async t => {
  const page = await resellerOf(t, address('referrer')), friend = await t.open(), who = address('friend')
  await go(page, `${DASHBOARD}/referrals`)
  await go(friend, await page.getByLabel('Link to share').inputValue())
  await enter(friend, who)
  await fund(who, '100')
  await spend((await cut(friend, 'theirs', '100', '60')).secret, 6)
  await until('the commission', async () => await page.getByText('Pending until').count() || (await page.reload(), false), 30_000)
  return page
}

const clientOf = async (t, who, secrets) => {
  const page = await t.open()
  await signIn(page, PORTAL, who)
  for (const [name, secret] of Object.entries(secrets)) {
    await go(page, `${PORTAL}/bind`)
    await bind(page, secret, name)
  }
  return page
}

const requestOf = async page => {
  await go(page, `${DASHBOARD}/usage`)
  return page.locator('table.lines a[href^="/usage/"]').first().getAttribute('href')
}

const make = async t => {
  const ming = await few(t, address('ming'))
  const taken = await takenBack(t)
  const { keys } = ming, secret = label => keys[label].secret
  const acme = await clientOf(t, address('acme'), { 'Acme prod': secret('acme-corp-prod'), Trial: secret('initech-trial'), Nightly: secret('northwind-batch'), Staging: secret('globex-staging') })
  const people = {
    ming: ming.page, many: await many(t), empty: await resellerOf(t, address('empty')), frozen: await frozen(t), referrer: await referrer(t), taken: taken.page,
    acme, newcomer: await clientOf(t, address('newcomer'), {}), stranger: await t.open(),
  }
  const cookies = {}
  for (const [name, page] of Object.entries(people)) cookies[name] = await kept(page)
  return { cookies, keys, ming: ming.who, topUp: ming.topUp, receipt: taken.receipt, request: await requestOf(ming.page) }
}

let made
/** The same people for every scenario of a run. */
export const stock = t => (made ??= make(t))
