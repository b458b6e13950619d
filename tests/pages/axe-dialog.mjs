// axe-core on dialogs opened in place.
import { chromium } from 'playwright-core'
import { readFileSync } from 'node:fs'
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: '--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(' ') })
let found = 0, runs = 0
for (const theme of ['light', 'dark']) for (const width of [1280, 390]) for (const name of ['key-new-error', 'key-created', 'key-top-up-typed', 'key-delete-flight', 'key-rotate', 'key-message', 'top-up', 'shortcuts', 'usage-line']) {
  const page = await browser.newPage({ viewport: { width, height: 860 } })
  await page.route('**/keys/new', async r => r.fulfill({ response: await page.context().request.get('http://127.0.0.1:8099/' + name) }))
  await page.goto('http://127.0.0.1:8099/api-one?theme=' + theme)
  await page.evaluate(axe)
  await page.click('a[data-key=c]')
  await page.waitForSelector('dialog[open]')
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
  runs++; found += violations.length
  for (const v of violations) console.log(name, theme, width, v.id, v.nodes[0].target.join(' '), v.nodes[0].failureSummary.split('\n')[1])
  await page.close()
}
console.log(`${runs} runs, ${found} findings`)
await browser.close()
