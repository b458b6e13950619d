// Tries every scenario in Debian's Chromium against the server that the environment names, each in contexts of its own.
//
//   node run.mjs [WORD …]     only those whose sentence or file has one of the words
//
// A scenario also fails if a page of its logged an error, broke its content policy, or was answered 500 and above.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { FLAGS, people } from './browser.mjs'
import { server } from './lib.mjs'

const SIDE_BY_SIDE = 2
const LIMIT_MS = 120_000

const folder = new URL('scenarios/', import.meta.url)
const pictures = new URL(`file://${process.env.PICTURES}/`)
const words = process.argv.slice(2)
let passed = 0
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })

const limit = () => {
  let timer
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS) })
  return [late, () => clearTimeout(timer)]
}

const attempt = async ({ sentence, act }) => {
  const started = Date.now(), t = people(browser), [late, done] = limit()
  let fault
  try {
    await Promise.race([act(t), late])
    if (t.troubles.length) fault = new Error(t.troubles.join('\n'))
  } catch (error) {
    fault = new Error(`${error.stack}\n${t.troubles.join('\n')}`)
    await picture(t, sentence)
  }
  done()
  await t.close()
  if (!fault) passed++
  const took = ((Date.now() - started) / 1000).toFixed(1)
  console.log(fault ? `FAIL  ${sentence} (${took} s)\n      ${fault.message.replaceAll('\n', '\n      ')}` : `ok    ${sentence} (${took} s)`)
  return !fault
}

// What each page looked like when it failed.
const picture = async (t, sentence) => {
  const pages = t.contexts.flatMap(context => context.pages())
  for (const [i, page] of pages.entries()) {
    const path = new URL(`${sentence.replaceAll(/\W+/g, '-').slice(0, 60)}-${i + 1}.png`, pictures).pathname
    await page.screenshot({ path }).catch(() => {})
  }
}

const all = []
for (const file of readdirSync(folder).filter(name => name.endsWith('.mjs')).sort()) {
  const { default: scenarios, alone = false } = await import(new URL(file, folder))
  for (const [sentence, act] of Object.entries(scenarios)) all.push({ file, sentence, act, alone })
}
const wanted = all.filter(({ file, sentence }) => !words.length || words.some(word => `${file} ${sentence}`.includes(word)))
rmSync(pictures, { recursive: true, force: true })
mkdirSync(pictures, { recursive: true })

const together = wanted.filter(scenario => !scenario.alone)
// On a busy machine two scenarios take each other's time. One that failed beside another is tried once more alone, for
// all to see; what fails alone is broken.
const again = []
const lane = async () => {
  for (let next; (next = together.shift());) if (!await attempt(next)) again.push(next)
}
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
for (const scenario of [...again, ...wanted.filter(scenario => scenario.alone)]) await attempt(scenario)
await attempt({ sentence: 'the books of all of this add up', act: () => server('check') })
await browser.close()
const failed = wanted.length + 1 - passed
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed ? 1 : 0)
