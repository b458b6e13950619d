// axe-core on every page in both themes at 1280 and 390 px, and on the states script makes: open dialogs, menus, tables.
import { chromium } from 'playwright-core'
import { readFileSync } from 'node:fs'
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: '--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(' ') })
const base = 'http://127.0.0.1:8099/'
const want = process.argv[2] ?? ''
const names = (await (await fetch(base + '_names')).json()).filter(n => n.startsWith(want))
let runs = 0, found = 0
const seen = new Map()
for (const theme of ['light', 'dark']) for (const width of [1280, 390]) {
  const page = await browser.newPage({ viewport: { width, height: 860 } })
  const look = async what => {
    const result = await page.evaluate(async () => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
    runs++
    for (const v of result.violations) for (const n of v.nodes) {
      found++
      const id = v.id + ' ' + n.target.join(' ')
      seen.set(id, [...(seen.get(id) ?? []), `${what} ${theme} ${width}`])
      if (seen.get(id).length === 1) console.log(`${what} ${theme} ${width}: ${v.id}: ${n.target.join(' ')}\n   ${n.html.slice(0, 140)}\n   ${n.failureSummary.split('\n').slice(1, 3).join(' ').slice(0, 220)}`)
    }
  }
  for (const name of names) {
    await page.goto(base + name + '?theme=' + theme)
    await page.evaluate(axe)
    await look(name)
    const opened = await page.evaluate(() => { const all = [...document.querySelectorAll('details')]; all.forEach(d => { if (d.name === 'snip') d.removeAttribute('name'); d.open = true }); return all.length })
    if (opened) await look(name + ' (all opened)')
  }
  await page.close()
}
console.log(`${runs} runs on ${names.length} pages, ${found} findings`)
await browser.close()
