// Steps that scenarios share: signing in, cutting keys, calling models, reading figures.
import { readFileSync } from 'node:fs'
import { appendFile, open as openFile } from 'node:fs/promises'
import Anthropic from '@anthropic-ai/sdk'

const { DATA, ASK, SAID, DASHBOARD_URL, PORTAL_URL, API_URL, CONSOLE_URL } = process.env
export const DASHBOARD = DASHBOARD_URL, PORTAL = PORTAL_URL, API = API_URL, CONSOLE = CONSOLE_URL
export const MODEL = 'claude-haiku-4-5'

// ---- Asserting

const fits = (got, wanted) => wanted instanceof RegExp ? wanted.test(got) : got === wanted

export const is = (what, got, wanted) => {
  if (!fits(got, wanted)) throw new Error(`${what}: got ${JSON.stringify(got)}, wanted ${wanted}`)
}

/** Waits until `ask` answers something true, and gives it. */
export const until = async (what, ask, limit_ms = 15_000) => {
  const end = Date.now() + limit_ms
  for (let got; ; await new Promise(next => setTimeout(next, 50))) {
    if ((got = await ask())) return got
    if (Date.now() > end) throw new Error(`${what}: not within ${limit_ms} ms`)
  }
}

/** Waits until the element's text is `wanted`. */
export const shows = async (locator, wanted, limit_ms = 15_000) => {
  let got
  const ask = async () => fits(got = (await locator.first().innerText({ timeout: limit_ms })).trim(), wanted)
  await until('', ask, limit_ms).catch(() => { throw new Error(`${locator}: shows ${JSON.stringify(got)}, wanted ${wanted}`) })
}

/** The figure of this id that is to be seen: `balance.available`, `key.{id}.spent`. */
export const figure = (page, id) => page.locator(`[data-live="${id}"]:visible`).first()

/** The value beside a word of a list of pairs. */
export const valueOf = (place, word) => place.locator('dl > div', { has: place.page().locator('dt', { hasText: word }) }).locator('dd')

/**
 * Goes to an address. The present page lets go of its stream first: it may load itself again at this very moment, and of
 * two navigations to one address Chromium drops ours without a word.
 */
export const go = async (page, url) => {
  for (let tries = 1; ; tries++) {
    try {
      await page.evaluate(() => dispatchEvent(new Event('pagehide'))).catch(() => {})
      return await page.goto(url, { timeout: 6_000 })
    } catch (error) {
      if (tries === 5 || !/interrupted by another navigation|ERR_ABORTED|Timeout 6000ms/.test(error.message)) throw error
      await page.waitForLoadState()
    }
  }
}

// ---- People

let people = 0
const run = process.pid.toString(36)
/** An address nobody had before. */
export const address = name => `${name}-${run}-${++people}@mail.example`

const operator = () => ({
  authorization: `Bearer ${readFileSync(`${DATA}/operator_token`, 'utf8').trim()}`, 'content-type': 'application/json',
})

/** The outbox of the dev profile, newest mail first. */
export const mails = async to => {
  const { mails } = await (await fetch(`${CONSOLE}/_dev/outbox`)).json()
  return mails.filter(mail => mail.to === to)
}

const read = new Set()
/** The six digits of a mail to this address that was not read before. */
export const code = async to => {
  const mail = await until(`a code for ${to}`, async () => (await mails(to)).find(m => !read.has(m.id) && m.subject.endsWith(' code')))
  read.add(mail.id)
  return /\b(\d{6})\b/.exec(mail.text)[1]
}

/** From the page of the address to the page behind it, `path` if one is given. */
export const signIn = async (page, site, who, path = '') => {
  await go(page, site + (path || (site === PORTAL ? '/sign-in' : '/login')))
  await enter(page, who)
}

/** Signs in where the page asks for it. */
export const enter = async (page, who) => {
  await page.getByLabel('E-mail address').fill(who)
  await page.getByRole('button', { name: 'Send code' }).click()
  await page.getByLabel('Six-digit code').fill(await code(who))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(url => !/^\/(login|sign-in)/.test(url.pathname))
}

/** An act of the operator. */
export const operate = async (path, body) => {
  const answer = await fetch(CONSOLE + path, { method: 'POST', headers: operator(), body: JSON.stringify(body) })
  is(path, answer.status, 200)
}

/** Money that was paid outside the payment providers. */
export const fund = (who, amount) => operate(`/op/accounts/${who}/deposit`, { amount, id: crypto.randomUUID() })

/** Pays through the simulated provider's checkout and comes back: the id of the top-up. */
export const pay = async (page, amount) => {
  const form = await dialog(page, 'Top Up', 'Top Up')
  await form.getByLabel('Amount').fill(amount)
  await form.getByRole('button', { name: 'Continue to payment' }).click()
  await page.waitForURL(`${CONSOLE}/_dev/checkout/*`)
  await page.getByRole('button', { name: 'Pay in full' }).click()
  await page.waitForURL(url => url.origin === DASHBOARD)
  return new URL(page.url()).searchParams.get('topup')
}

/** Presses a button at the simulated provider, on the page of a top-up that was paid. */
export const press = async (page, topUp, name) => {
  await go(page, `${CONSOLE}/_dev/checkout/pay_${topUp.replaceAll('-', '')}`)
  await page.getByRole('button', { name, exact: true }).click()
  await page.waitForURL(`${CONSOLE}/_dev/checkout/*`)
}

/** A reseller of this name with money, on /api. */
export const reseller = async (t, { name = 'reseller', dollars = '200', ...look } = {}) => {
  const page = await t.open(look), who = address(name)
  await signIn(page, DASHBOARD, who)
  if (dollars) {
    await fund(who, dollars)
    await go(page, `${DASHBOARD}/api`)
  }
  return { page, who }
}

/** A client of this name who has bound a key, on its page. */
export const client = async (t, secret, { name = 'client', who = address(name), keyName = '', ...look } = {}) => {
  const page = await t.open(look)
  await signIn(page, PORTAL, who)
  await bind(page, secret, keyName)
  return { page, who }
}

/** Binds a key by the form on the page, or in its dialog. */
export const bind = async (page, secret, name = '') => {
  await page.getByRole('textbox', { name: 'API key' }).fill(secret)
  if (name) await page.getByLabel('Your name for it').fill(name)
  const before = page.url()
  await page.getByRole('button', { name: 'Bind key' }).click()
  await page.waitForURL(url => url.href !== before && /^\/keys\/[0-9a-f-]{36}$/.test(url.pathname))
}

// ---- Keys

export const sheet = page => page.locator('dialog[open]')

/** Opens a dialog by its link and waits for its heading. */
export const dialog = async (page, link, heading) => {
  await page.getByRole('link', { name: link, exact: true }).first().click()
  await sheet(page).getByRole('heading', { name: heading, level: 1 }).waitFor()
  return sheet(page)
}

export const fillKey = async (place, label, budget, cost) => {
  await place.getByLabel('Label').fill(label)
  await place.getByLabel('Client budget').fill(budget)
  await place.getByLabel('Your cost').fill(cost)
}

/** Cuts a key through the dialog: its secret and its id. */
export const createKey = async (page, label, budget, cost) => {
  const form = await dialog(page, 'Create Key', 'Create API Key')
  await fillKey(form, label, budget, cost)
  await form.getByRole('button', { name: 'Create', exact: true }).click()
  return keep(page, label)
}

/** Takes the secret that is shown once, and the key's id from the list behind. */
export const keep = async (page, label) => {
  const made = sheet(page)
  await made.getByRole('heading', { name: 'Key created' }).waitFor()
  const secret = await made.locator('#secret').innerText()
  await made.getByRole('button', { name: 'Copy key' }).click()
  await made.getByRole('link', { name: 'Done' }).click()
  const link = page.getByRole('link', { name: label, exact: true })
  await link.waitFor()
  return { secret, id: (await link.getAttribute('href')).split('/').pop() }
}

/** Cuts a key without looking, as a program would: for scenarios that are about something else. */
export const cut = async (page, label, budget, cost) => {
  const { key, id } = await ask(page, '/api/v1/keys', { label, budget, cost })
  return { secret: key, id }
}

/** What the person's site answers to a change that a page without script or stream would send. */
export const ask = async (page, path, body, method = 'POST') => {
  const site = new URL(page.url()).origin, request = page.context().request
  const form = await (await request.get(site + (site === PORTAL ? '/account' : '/shortcuts'))).text()
  const headers = {
    origin: site, 'x-csrf-token': /name="csrf" value="([^"]+)"/.exec(form)[1], 'idempotency-key': crypto.randomUUID(),
  }
  const answer = await request.fetch(site + path, { method, headers, data: body })
  if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`)
  return answer.status() === 204 ? {} : answer.json()
}

/** Opens an entry of a key's menu. */
export const menu = async (page, label, entry, heading) => {
  await page.getByLabel(`More for ${label}`).click()
  return dialog(page, entry, heading)
}

// ---- Calls

/** One call by the official SDK. `script` tells the simulated provider what to do. */
export const call = (secret, script = {}, model = MODEL) => {
  const anthropic = new Anthropic({ apiKey: secret, baseURL: API, maxRetries: 0 })
  const content = `Hello [[sandbox ${JSON.stringify(script)}]]`
  return anthropic.messages.create({ model, max_tokens: 256, messages: [{ role: 'user', content }] })
}

/** A call whose answer costs this many US dollars: the model takes $1 a million input tokens. */
export const spend = (secret, dollars_of_cost) =>
  call(secret, { usage: { input_tokens: Math.round(dollars_of_cost * 1e6), output_tokens: 0 } })

/** The status that a refused call is answered with. */
export const refusal = async secret => {
  try {
    await call(secret)
  } catch (error) {
    return error.status
  }
  return 200
}

// ---- The server itself

let turn = Promise.resolve()
/** What the server's shell says to a word; one question at a time, as there is one pipe. */
const told = (word, who) => (turn = turn.catch(() => {}).then(async () => {
  const said = await openFile(SAID)
  await appendFile(ASK, `${word} ${who}\n`)
  const { buffer, bytesRead } = await said.read()
  await said.close()
  return buffer.toString('utf8', 0, bytesRead).trim()
}))

/**
 * Stops the server in order, starts it again on the same data and ports, checks its books, ages a person's codes, or lets
 * a person's commission be of last month.
 */
export const server = async (word, who = '') => is(`the server, asked to ${word}`, await told(word, who), word)

/** So many new redemption codes of this worth, as the operator's command prints them. */
export const minted = async (dollars, count) => {
  const said = await told('mint', `${dollars} ${count}`), codes = said.match(/\b([0-9A-Z]{5}-){4}[0-9A-Z]{5}\b/g) ?? []
  is(`the codes in ${said}`, codes.length, count)
  return codes
}
