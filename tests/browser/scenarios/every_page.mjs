// Every page of the list, looked at as it is shipped.
import { readFileSync } from 'node:fs'
import { go, is } from '../lib.mjs'
import { addressOf, pages } from '../pages.mjs'
import { stock } from '../stock.mjs'

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const FIRST_PAINT_BYTES = 60_000
const WIDE = { width: 1280, height: 860 }, NARROW = { width: 390, height: 844 }, NARROWEST = { width: 320, height: 700 }

/** What axe finds on the page or a part of it; `only` names a rule that depends on the theme. */
const findings = (page, { part, only } = {}) => page.evaluate(async ([tags, part, only]) => {
  const runOnly = only ? { type: 'rule', values: [only] } : { type: 'tag', values: tags }
  const { violations } = await axe.run(part ?? document, { runOnly })
  return violations.flatMap(v => v.nodes.map(n => `${v.id} at ${n.target.join(' ')}: ${n.failureSummary.split('\n')[1].trim()}`))
}, [TAGS, part, only])

/** Asks for the compressed bytes that were loaded since it was asked last, less the stream. */
const weighed = async page => {
  const wire = await page.context().newCDPSession(page)
  let bytes = 0
  wire.on('Network.loadingFinished', done => { bytes += done.encodedDataLength })
  await wire.send('Network.enable')
  await wire.send('Network.setCacheDisabled', { cacheDisabled: true })
  return () => {
    const since = bytes
    bytes = 0
    return since
  }
}

const wide = page => page.evaluate(() => document.documentElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => `${e.tagName}.${e.className}`).join(' ') || 'the page'
  : '')

const unfold = page => page.evaluate(() => {
  const folded = [...document.querySelectorAll('details:not(.menu, [open])')]
  for (const d of folded) {
    d.removeAttribute('name')
    d.open = true
  }
  return folded.length
})
const MENUS = ['.side .menu', '.topbar .menu:first-child', '.topbar .menu:last-child', 'main .menu']
const openMenu = (page, menu) => page.evaluate(menu => {
  const first = document.querySelector(menu)
  return first && first.checkVisibility() && (first.open = true)
}, menu)
const closeMenu = (page, menu) => page.evaluate(menu => { document.querySelector(menu).open = false }, menu)

const inMenus = async page => {
  const found = []
  for (const menu of MENUS) if (await openMenu(page, menu)) {
    found.push(...await findings(page, { part: menu }))
    await closeMenu(page, menu)
  }
  return found
}

/** As it comes and with everything unfolded, light and dark, wide and narrow. */
const faults = async page => {
  await page.evaluate(axe)
  const found = await findings(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  found.push(...await findings(page, { only: 'color-contrast' }))
  await page.emulateMedia({ colorScheme: 'light' })
  if (await unfold(page)) found.push(...await findings(page))
  found.push(...await inMenus(page))
  await page.setViewportSize(NARROW)
  found.push(...await findings(page), ...await inMenus(page))
  await page.emulateMedia({ colorScheme: 'dark' })
  found.push(...await findings(page, { only: 'color-contrast' }))
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(NARROWEST)
  const sideways = await wide(page)
  return sideways ? [...found, `scrolls sideways at 320 px: ${sideways}`] : found
}

const looker = async (t, cookies) => {
  const page = await t.open()
  await page.context().addCookies(cookies)
  return { page, bytes: await weighed(page) }
}

const lookAt = part => async t => {
  t.allow(/status of 404 .*\/nowhere$/)
  const world = await stock(t), found = new Map(), lookers = {}
  for (const [who, path, act] of pages(world)[part]) {
    const note = fault => found.set(fault, found.get(fault) ?? `${path} of ${who}`)
    const { page, bytes } = lookers[who] ??= await looker(t, world.cookies[who])
    await page.setViewportSize(WIDE)
    bytes()
    const answer = await go(page, addressOf(who, path))
    is(path, answer.status(), /nowhere/.test(path) ? 404 : 200)
    const weight = bytes()
    is('something was weighed', weight > 1_000, true)
    if (weight > FIRST_PAINT_BYTES) note(`first paint takes ${weight} bytes`)
    if (act) await act(page)
    for (const fault of await faults(page)) note(fault)
  }
  is('findings', [...found].map(([fault, where]) => `\n${where}: ${fault}`).join(''), '')
}

const parts = ['keys', 'forms', 'books', 'dialogs', 'portal', 'doors']
export default Object.fromEntries(parts.map(part => [`every page of the ${part} can be used by everybody, on any screen, and is light`, lookAt(part)]))
