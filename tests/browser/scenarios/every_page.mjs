// Every page of the list, looked at as it is shipped.
import { readFileSync } from 'node:fs'
import { go, is } from '../lib.mjs'
import { addressOf, pages } from '../pages.mjs'
import { stock } from '../stock.mjs'

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const FIRST_PAINT_BYTES = 60_000

/** What axe finds; `only` names a rule that depends on the theme. */
const findings = (page, only) => page.evaluate(async ([tags, only]) => {
  const runOnly = only ? { type: 'rule', values: [only] } : { type: 'tag', values: tags }
  const { violations } = await axe.run(document, { runOnly })
  return violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\n')[1]}`))
}, [TAGS, only])

/** Compressed bytes of everything a page loads but its stream. */
const weighed = async page => {
  const wire = await page.context().newCDPSession(page)
  let bytes = 0
  wire.on('Network.loadingFinished', done => { bytes += done.encodedDataLength })
  await wire.send('Network.enable')
  await wire.send('Network.setCacheDisabled', { cacheDisabled: true })
  return () => bytes
}

const wide = page => page.evaluate(() => document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => `${e.tagName}.${e.className}`).join(' ') || 'the page'
  : '')

const openAll = page => page.evaluate(() => {
  const all = [...document.querySelectorAll('details')]
  for (const d of all) {
    d.removeAttribute('name')
    d.open = true
  }
  return all.length
})

const faults = async (page, what) => {
  const found = []
  const look = async (state, only) => found.push(...(await findings(page, only)).map(f => `${what}, ${state}: ${f}`))
  await page.evaluate(axe)
  await look('light')
  await page.emulateMedia({ colorScheme: 'dark' })
  await look('dark', 'color-contrast')
  await page.emulateMedia({ colorScheme: 'light' })
  if (await openAll(page)) await look('all opened')
  return found
}

const lookAt = part => async t => {
  const world = await stock(t), found = []
  for (const width of [1280, 390]) for (const [who, path, act] of pages(world)[part]) {
    const page = await t.open({ width }), what = `${path} of ${who} at ${width}`
    await page.context().addCookies(world.cookies[who])
    const bytes = await weighed(page)
    const answer = await go(page, addressOf(who, path))
    is(what, answer.status(), /nowhere/.test(path) ? 404 : 200)
    await page.waitForLoadState('load')
    if (bytes() > FIRST_PAINT_BYTES) found.push(`${what}: first paint takes ${bytes()} bytes`)
    if (act) await act(page)
    found.push(...await faults(page, what))
    if (width < 700) {
      await page.setViewportSize({ width: 320, height: 700 })
      const sideways = await wide(page)
      if (sideways) found.push(`${what}: scrolls sideways at 320 px: ${sideways}`)
    }
    await page.context().close()
  }
  is(`findings\n${[...new Set(found)].join('\n')}\n`, found.length, 0)
}

const parts = ['keys', 'forms', 'books', 'dialogs', 'portal', 'doors']
export default Object.fromEntries(parts.map(part => [`every page of the ${part} can be used by everybody, on any screen, and is light`, lookAt(part)]))
