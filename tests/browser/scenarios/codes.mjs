import { address, code, CONSOLE, DASHBOARD, enter, go, is, mails, PORTAL, signIn, until } from '../lib.mjs'

const SITES = [[DASHBOARD, '/login'], [PORTAL, '/sign-in']]
const other = right => String((Number(right) + 1) % 1_000_000).padStart(6, '0')

const ask = async (page, site, path, who) => {
  await go(page, site + path)
  await page.getByLabel('E-mail address').fill(who)
  await page.getByRole('button', { name: 'Send code' }).click()
  await page.getByLabel('Six-digit code').waitFor()
}
const type = async (page, digits) => {
  await page.getByLabel('Six-digit code').fill(digits)
  await page.getByRole('button', { name: 'Sign in' }).click()
}
const again = page => page.getByRole('button', { name: /^Send a new code/ })

export default {
  'after five wrong codes only a new one signs in': async t => {
    for (const [site, path] of SITES) {
      const page = await t.open(), who = address('guesser')
      await ask(page, site, path, who)
      const first = await code(who)
      for (const left of ['4 tries are', '3 tries are', '2 tries are', 'One try is']) {
        await type(page, other(first))
        await page.getByText(`That is not the code. ${left} left.`).waitFor()
      }
      await type(page, other(first))
      await page.getByText('That is not the code, and it was the last try. Ask for a new one.').waitFor()
      await type(page, first)
      await page.getByText('This code is not valid any more in this browser. Ask for a new one.').waitFor()
      await page.locator('button[data-resend][aria-disabled=false]').waitFor()
      await again(page).click()
      await page.waitForURL(site + path + '/code')
      await page.locator('#code:not([aria-invalid])').waitFor()
      const second = await code(who)
      await type(page, second)
      await page.waitForURL(url => !url.pathname.startsWith(path))
    }
  },

  'a new code can be asked for when its timer is over, not before': async t => {
    const page = await t.open(), who = address('impatient')
    await ask(page, DASHBOARD, '/login', who)
    await code(who)
    is('the button', await again(page).innerText(), /^Send a new code in [1-4] s$/)
    is('it waits', await again(page).getAttribute('aria-disabled'), 'true')
    await again(page).click({ force: true })
    is('nothing was sent', new URL(page.url()).pathname, '/login/code')
    await page.locator('button[data-resend][aria-disabled=false]').waitFor()
    is('the button, later', await again(page).innerText(), 'Send a new code')
    is('one mail so far', (await mails(who)).length, 1)
    await again(page).click()
    await until('the second mail', async () => (await mails(who)).length === 2)
    await type(page, await code(who))
    await page.waitForURL(url => !url.pathname.startsWith('/login'))
  },

  'a code is typed with spaces, read in the outbox, and asked for at another address': async t => {
    const page = await t.open(), who = address('spacious')
    await ask(page, DASHBOARD, '/login', address('slip'))
    await page.getByRole('link', { name: 'Use another address' }).click()
    await page.waitForURL(`${DASHBOARD}/login`)
    await ask(page, DASHBOARD, '/login', who)
    is('who it goes to', await page.getByText(who).isVisible(), true)
    const digits = await code(who)
    await page.getByRole('link', { name: 'Open outbox' }).click()
    await page.waitForURL(`${CONSOLE}/_dev/outbox`)
    is('the mail', await page.locator('article', { hasText: who }).innerText(), new RegExp(digits))
    await page.goBack()
    await type(page, `${digits.slice(0, 3)} ${digits.slice(3)}`)
    await page.waitForURL(url => !url.pathname.startsWith('/login'))
  },

  'what is no address is said so at the field, and the rest of the form stays': async t => {
    const page = await t.open({ script: false })
    await go(page, `${DASHBOARD}/login`)
    await page.locator('form.stack').evaluate(form => { form.noValidate = true })
    await page.getByLabel('E-mail address').fill('nobody')
    await page.getByRole('button', { name: 'Send code' }).click()
    await page.getByText('Type a whole address such as you@shop.com.').waitFor()
    is('the field', await page.getByLabel('E-mail address').inputValue(), 'nobody')
    is('it is marked', await page.getByLabel('E-mail address').getAttribute('aria-invalid'), 'true')
  },

  'signing in leads back to the page that was wanted': async t => {
    const page = await t.open(), who = address('wanderer')
    await go(page, `${DASHBOARD}/shortcuts`)
    is('sign-in', new URL(page.url()).pathname, '/login')
    await enter(page, who)
    is('the page wanted', page.url(), `${DASHBOARD}/shortcuts`)
    const stranger = await t.open()
    await signIn(stranger, DASHBOARD, address('phished'), '/login?next=https://elsewhere.example/')
    is('a foreign page is not gone to', new URL(stranger.url()).origin, DASHBOARD)
  },
}
