// A month of a small shop, lived through the product itself while its clock is put forward day by day.
import { writeFileSync } from 'node:fs'
import { ask, call, client, cut, DASHBOARD, go, pay, signIn } from './lib.mjs'

const DAYS = 28
/** Label, budget, cost; the day of its creation and the last of its use, counted from today; micro-dollars of cost used. */
const KEYS = [
  ['research-team', '40', '40', -28, 0, 11_400_000], ['initech-trial', '5', '3', -24, -9, 3_000_000],
  ['northwind-batch', '50', '35', -22, 0, 30_800_000], ['globex-staging', '20', '15', -12, -2, 4_110_000],
  ['acme-corp-prod', '100', '60', -26, 0, 20_520_000],
]
/** Micro-dollars a token, in and out. */
const MODELS = [['claude-opus-5-5', 4, 20], ['claude-sonnet-5-5', 2, 10], ['claude-haiku-4-5', 1, 5]]

/** The server's clock, in whole days from now. */
const setClock = days => writeFileSync(process.env.CLOCK, days ? `${days}d` : '+0')

// Busy on weekdays, growing slowly, never the same.
const weight = day => {
  const weekday = new Date(Date.now() + day * 86_400_000).getUTCDay()
  return (weekday % 6 ? 10 : 3) + (day + DAYS) / 3 + ((day * day * 7 + 31 * DAYS) % 9)
}

/** One call that costs this much, or a little less where no whole token fits: what it did cost. */
const use = async (secret, micros, [model, input, output]) => {
  const out = Math.floor(micros * 0.4 / output), into = Math.floor((micros - out * output) / input)
  await call(secret, { usage: { input_tokens: into, output_tokens: out } }, model)
  return into * input + out * output
}

const liveADay = async (key, day) => {
  const [, , , born, last, total] = key.plan
  if (day < born || day > last) return
  const days = Array.from({ length: last - born + 1 }, (_, i) => weight(born + i))
  const whole = days.reduce((sum, w) => sum + w)
  const due = day === last ? total - key.used : Math.round(total * weight(day) / whole)
  key.used += await use(key.secret, Math.floor(due * 0.98), MODELS[(day + DAYS) % 3])
  // What is left to the total, by the model whose token costs least.
  if (day === last) key.used += await use(key.secret, total - key.used, MODELS[2])
}

/** The reseller's and the client's pages, and the keys by label. */
export const history = async t => {
  const page = await t.open(), keys = {}
  setClock(-DAYS)
  await signIn(page, DASHBOARD, 'you@shop.com')
  await pay(page, '200')
  for (let day = -DAYS; day <= 0; day++) {
    setClock(day)
    if (day === -14) {
      await go(page, `${DASHBOARD}/api`)
      await pay(page, '50')
    }
    for (const plan of KEYS.filter(plan => plan[3] === day)) {
      await go(page, `${DASHBOARD}/shortcuts`)
      keys[plan[0]] = { ...await cut(page, plan[0], plan[1], plan[2]), plan, used: 0 }
    }
    for (const key of Object.values(keys)) await liveADay(key, day)
  }
  await ask(page, `/api/v1/keys/${keys['globex-staging'].id}/pause`)
  const acme = await client(t, keys['acme-corp-prod'].secret, { who: 'acme@corp.com', keyName: 'Acme prod' })
  return { cookies: { ming: await page.context().cookies(), acme: await acme.page.context().cookies() }, keys }
}
