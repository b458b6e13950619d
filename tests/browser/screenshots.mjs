// Pictures of the main pages for docs/screenshots/, after a month of use.
import { chromium } from 'playwright-core'
import { mkdirSync, statSync } from 'node:fs'
import { dialog, fillKey } from './lib.mjs'
import { FLAGS, people } from './browser.mjs'
import { addressOf } from './pages.mjs'
import { history } from './history.mjs'

const LIMIT_BYTES = 150_000
const folder = new URL('../../docs/screenshots/', import.meta.url)

const typed = async page => fillKey(await dialog(page, 'Create Key', 'Create API Key'), 'globex-prod', '100', '60')
const pictures = acme => [
  ['api', 'ming', '/api?sort=label', ['1280 light', '1280 dark', '390 light', '390 dark']],
  ['create-key', 'ming', '/api?sort=label', ['1280 light', '390 dark'], typed],
  ['usage', 'ming', '/usage', ['1280 light', '1280 dark']],
  ['portal', 'acme', `/keys/${acme}`, ['1280 light', '1280 dark', '390 light', '390 dark']],
]

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
const t = people(browser), world = await history(t)
mkdirSync(folder, { recursive: true })
for (const [name, who, path, looks, act] of pictures(world.keys['acme-corp-prod'].id)) for (const look of looks) {
  const [width, theme] = look.split(' ')
  const page = await t.open({ width: Number(width), theme })
  await page.context().addCookies(world.cookies[who])
  await page.goto(addressOf(who, path))
  if (act) await act(page)
  const file = new URL(`${name}-${width}-${theme}.png`, folder).pathname
  await page.screenshot({ path: file })
  await page.context().close()
  console.log(`${name}-${width}-${theme}.png ${statSync(file).size}`)
  if (statSync(file).size > LIMIT_BYTES) throw new Error(`${file} is larger than ${LIMIT_BYTES} bytes`)
}
await t.close()
await browser.close()
