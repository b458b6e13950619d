// Screenshots: node shots.mjs [name-prefix,…] [widths] [themes]; also reports sideways scroll at 320, 390, 768 and 1280 px.
import { chromium } from 'playwright-core'
import { mkdirSync } from 'node:fs'
const [want = '', widths = '1280,390', themes = 'light,dark'] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: '--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(' ') })
const base = 'http://127.0.0.1:8099/'
const names = (await (await fetch(base + '_names')).json()).filter(n => !want || want.split(',').some(w => w.endsWith('$') ? n === w.slice(0, -1) : n.startsWith(w)))
mkdirSync('shots', { recursive: true })
for (const width of widths.split(',').map(Number)) for (const theme of themes.split(',')) {
  const page = await browser.newPage({ viewport: { width, height: width < 700 ? 844 : 860 }, hasTouch: width < 700, isMobile: width < 700 })
  page.on('console', m => ['error', 'warning'].includes(m.type()) && console.log(m.text().slice(0, 200)))
  page.on('pageerror', e => console.log('ERROR', e.message))
  for (const name of names) {
    await page.goto(base + name + '?theme=' + theme)
    await page.waitForTimeout(30)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth ? [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.wrap') && getComputedStyle(e).position != 'absolute').slice(0, 4).map(e => e.tagName + '.' + e.getAttribute('class')).join(' ') || 'page' : '')
    if (wide) console.log(`${name} ${width}: scrolls sideways: ${wide}`)
    if (width !== 320) await page.screenshot({ path: `shots/${name}-${width}-${theme}.png`, fullPage: true })
  }
  await page.close()
}
await browser.close()
