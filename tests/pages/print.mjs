import { chromium } from 'playwright-core'
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: '--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(' ') })
const page = await browser.newPage({ viewport: { width: 720, height: 1000 } })
await page.emulateMedia({ media: 'print' })
for (const n of ['statement', 'portal-key', 'usage', 'receipt']) { await page.goto('http://127.0.0.1:8099/' + n + '?theme=dark'); await page.screenshot({ path: `shots/print-${n}.png`, fullPage: true }) }
await browser.close()
