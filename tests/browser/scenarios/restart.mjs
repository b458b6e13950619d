import { client, createKey, figure, is, reseller, server, shows, spend } from '../lib.mjs'

// The server is everybody's.
export const alone = true

export default {
  'pages outlive a restart of the server: they say that they wait, then go on, still signed in': async t => {
    t.allow(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|status of 503|answered 503/)
    const { page } = await reseller(t)
    const { secret, id } = await createKey(page, 'steady', '100', '60')
    const acme = (await client(t, secret)).page
    await spend(secret, 6)
    for (const p of [page, acme]) {
      await shows(figure(p, `key.${id}.spent`), '$10.00')
      await p.evaluate(() => { window.opened = 'once' })
      is('nothing is wrong yet', await p.locator('#stale').isVisible(), false)
    }
    await server('stop')
    for (const p of [page, acme]) {
      await p.locator('#stale').waitFor({ timeout: 30_000 })
      is('the mark', await p.locator('#stale').innerText(), /^Reconnecting… figures from \d\d:\d\d UTC$/)
      is('what was known stays', await figure(p, `key.${id}.spent`).innerText(), '$10.00')
    }
    await server('start')
    await spend(secret, 9)
    for (const p of [page, acme]) {
      await shows(figure(p, `key.${id}.spent`), '$25.00', 30_000)
      await p.locator('#stale').waitFor({ state: 'hidden' })
      is('nothing was loaded again', await p.evaluate(() => window.opened), 'once')
    }
    await page.reload()
    await shows(figure(page, `key.${id}.profit`), '$10.00')
    await acme.reload()
    await shows(figure(acme, `key.${id}.remaining`), '$75.00')
  },
}
