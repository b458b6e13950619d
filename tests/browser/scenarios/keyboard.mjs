// Everything by keyboard: no pointer is touched below.
import { client, cut, DASHBOARD, figure, go, is, PORTAL, reseller, sheet, shows, until } from '../lib.mjs'

const focus = page => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.id ?? document.activeElement.textContent.trim())
// A page that is just being loaded has no focus to ask for.
const focused = page => page.evaluate(() => {
  const e = document.activeElement
  return [e.getAttribute('aria-label'), e.textContent.trim(), e.id].filter(Boolean)
}).catch(() => page.waitForLoadState().then(() => focused(page)))
const focusOn = (page, name) => until(`the focus on ${name}`, async () => await focus(page) === name)
/** Presses Tab until the element of this name has the focus. */
const tabTo = async (page, name, key = 'Tab') => {
  for (let i = 0; i < 60; i++) {
    const at = await focused(page)
    if (at.includes(name)) return
    await page.keyboard.press(key)
  }
  throw new Error(`Tab never reaches ${name}`)
}

export default {
  'a key is created, topped up and paused by keyboard alone': async t => {
    const { page } = await reseller(t)
    await page.keyboard.press('c')
    await sheet(page).getByRole('heading', { name: 'Create API Key' }).waitFor()
    await focusOn(page, 'label')
    await page.keyboard.type('typed')
    await page.keyboard.press('Tab')
    await page.keyboard.type('100')
    await page.keyboard.press('Tab')
    await page.keyboard.type('60')
    await page.keyboard.press('Enter')
    await sheet(page).getByRole('heading', { name: 'Key created' }).waitFor()
    await tabTo(page, 'Copy key')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Done')
    await page.keyboard.press('Enter')
    const link = page.getByRole('link', { name: 'typed', exact: true })
    await link.waitFor()
    const id = (await link.getAttribute('href')).split('/').pop()
    await tabTo(page, 'Top up typed')
    await page.keyboard.press('Enter')
    await sheet(page).getByRole('heading', { name: 'Top Up Client Key' }).waitFor()
    await page.keyboard.type('50')
    await page.keyboard.press('Enter')
    await shows(figure(page, `key.${id}.budget`), '$150.00')
    await tabTo(page, 'Pause typed')
    await page.keyboard.press('Enter')
    await shows(page.locator(`[data-chip="key.${id}"]`), 'Paused by you')
  },

  'Escape closes a dialog and a menu, and the focus goes back': async t => {
    const { page } = await reseller(t)
    await cut(page, 'framed', '10', '6')
    await go(page, `${DASHBOARD}/api`)
    await tabTo(page, 'Top up framed')
    await page.keyboard.press('Enter')
    await sheet(page).waitFor()
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    await focusOn(page, 'Top up framed')
    await tabTo(page, 'More for framed')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Rename' }).waitFor()
    await page.keyboard.press('Escape')
    is('menus', await page.locator('details.menu[open]').count(), 0)
    await focusOn(page, 'More for framed')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Rename')
    await page.keyboard.press('Enter')
    await sheet(page).getByRole('heading', { name: /^Rename/ }).waitFor()
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    await focusOn(page, 'More for framed')
  },

  'shortcuts find, create, top up, go and list, and rest while somebody types': async t => {
    const { page } = await reseller(t)
    await cut(page, 'found', '10', '6')
    await go(page, `${DASHBOARD}/api`)
    await page.keyboard.press('/')
    is('/', await page.evaluate(() => document.activeElement.name), 'q')
    await page.keyboard.type('ct')
    is('letters are typed in a field', await page.locator('[name=q]').inputValue(), 'ct')
    is('no dialog', await sheet(page).count(), 0)
    await page.locator('[name=q]').evaluate(field => field.blur())
    for (const [key, heading] of [['c', 'Create API Key'], ['t', 'Top Up'], ['?', /shortcuts/i]]) {
      await page.keyboard.press(key)
      await sheet(page).getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.keyboard.press('Escape')
      await sheet(page).waitFor({ state: 'detached' })
    }
    for (const [key, path] of [['u', '/usage'], ['b', '/billing'], ['s', '/settings'], ['a', '/api']]) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.waitForURL(DASHBOARD + path)
    }
  },

  'the skip link leads past the navigation, and the portal is operated by keyboard': async t => {
    const { page } = await reseller(t)
    await page.keyboard.press('Tab')
    is('the first stop', await page.evaluate(() => document.activeElement.textContent), 'Skip to content')
    await page.keyboard.press('Enter')
    is('past the navigation', await page.evaluate(() => document.activeElement.id), 'main')
    const { secret } = await cut(page, 'portal', '10', '6')
    const acme = (await client(t, secret)).page
    await tabTo(acme, 'curl')
    await acme.keyboard.press('Enter')
    await acme.getByText('/v1/messages').first().waitFor()
    await acme.getByLabel(/^Account /).focus()
    await acme.keyboard.press('Enter')
    await tabTo(acme, 'Sign out')
    await acme.keyboard.press('Enter')
    await acme.waitForURL(`${PORTAL}/sign-in`)
  },
}
