// Every mail, where it is kept in the dev profile: text and HTML say the same, on any screen, and nothing of the other side.
import { readFileSync } from 'node:fs'
import { address, bind, CONSOLE, cut, DASHBOARD, enter, fund, go, is, mails, pay, PORTAL, press, reseller, server, signIn, spend, until } from '../lib.mjs'

const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const NARROW = { width: 390, height: 844 }, WIDE = { width: 1280, height: 860 }
/** What no client may read, in words. */
const OTHER_SIDE = /\b(cost|ratio|margin|profit|reseller|markup)\b/i

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

/** A mail to this address, once it is there; the looks at it follow. */
const arrives = (to, subject) => until(`“${subject}” to ${to}`, async () => (await mails(to)).find(mail => subject.test(mail.subject)), 40_000)

const faultsOf = async page => {
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }))
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  return [...violations.map(v => `${v.id} at ${v.nodes.map(n => n.target).join(' ')}`), ...sideways ? ['scrolls sideways'] : []]
}

/** Reads a mail as text in the outbox and as HTML, light and dark, wide and narrow; what it says as text. */
const read = async (t, mail, says, not = /$^/) => {
  const outbox = await t.open(), page = await t.open()
  await go(outbox, `${CONSOLE}/_dev/outbox`)
  const shown = await outbox.getByRole('article', { name: mail.subject, exact: true }).filter({ hasText: mail.to }).first().innerText()
  const asked = []
  page.on('request', request => asked.push(request.url()))
  await page.setContent(mail.html)
  await page.evaluate(axe)
  for (const [colorScheme, size] of [['light', WIDE], ['dark', WIDE], ['dark', NARROW], ['light', NARROW]]) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(size)
    is(`${mail.subject}, ${colorScheme}, ${size.width} px`, (await faultsOf(page)).join('; '), '')
  }
  is(`what ${mail.subject} loads`, asked.join(' '), '')
  const html = (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ')
  for (const words of says) {
    for (const [part, text] of [['text', mail.text.replaceAll(/\s+/g, ' ')], ['HTML', html]]) {
      is(`“${words}” in the ${part} of ${mail.subject}: ${text}`, text.includes(words), true)
    }
    is(`“${words}” in the outbox`, shown.replaceAll(/\s+/g, ' ').includes(words), true)
  }
  for (const text of [mail.subject, mail.text, html]) is(`${mail.subject}: ${text}`, not.test(text), false)
  await outbox.close()
  await page.close()
}

export default {
  'a reseller is told by mail of codes, receipts, a low balance, trouble and new devices': async t => {
    const { page, who } = await reseller(t, { name: 'mailed', dollars: '' })
    const code = await arrives(who, / code$/)
    await read(t, code, [/\b(\d{6})\b/.exec(code.text)[1], who, 'It works once, for 10 minutes'])
    is('no link to click', /href/.test(code.html), false)

    await go(page, `${DASHBOARD}/settings`)
    await page.getByLabel('Mail me when Available is low').check()
    await page.getByLabel('Below').fill('150')
    await page.locator('form[action="/settings/alerts"] button').click()
    await page.waitForURL(`${DASHBOARD}/settings?did=saved`)
    await go(page, `${DASHBOARD}/api`)
    const topUp = await pay(page, '200')
    await read(t, await arrives(who, /receipt for \$200\.00$/), ['$200.00 was added to your balance.', topUp, 'Receipt'])
    await cut(page, 'big', '150', '100')
    await read(t, await arrives(who, /\$100\.00 available$/), ['fallen below $150.00', 'It is $100.00 now', 'Top up'])

    await press(page, topUp, 'Refund half of what is left')
    await read(t, await arrives(who, /a payment of \$100\.00 was taken back$/), ['took back $100.00 of what you had paid in', 'See your movements'])
    await press(page, topUp, 'Dispute what is left')
    await read(t, await arrives(who, /your account is frozen$/), ['a payment is disputed', 'New keys, top-ups of keys and calls wait'])

    const phone = await t.open({ width: 390, agent: IPHONE })
    await signIn(phone, DASHBOARD, who)
    await read(t, await arrives(who, /a new sign-in$/), ['with a device that was not seen there before', 'Safari on iPhone', 'If it was you, there is nothing to do.', 'See your sessions'])
  },

  'a client is told by mail at 80 and 100 per cent of its own budget, and of nothing else': async t => {
    const { page } = await reseller(t, { name: 'seller' })
    const { secret } = await cut(page, 'acme-corp-prod', '100', '60')
    const clientPage = await t.open(), who = address('acme')
    await signIn(clientPage, PORTAL, who)
    const not = new RegExp(`${OTHER_SIDE.source}|\\$60|\\$48|\\$51|acme-corp-prod|seller-`, 'i')
    await read(t, await arrives(who, / code$/), ['It works once, for 10 minutes'], not)
    await bind(clientPage, secret, 'Acme prod')
    for (const box of ['80% used', 'Used up']) await clientPage.getByRole('checkbox', { name: box }).check()
    await clientPage.getByRole('button', { name: 'Save alerts' }).click()
    await clientPage.waitForURL(url => url.searchParams.get('did') === 'saved')
    await spend(secret, 51)
    await read(t, await arrives(who, /: 80% of Acme prod .* is used$/), ['has used $85.00 of its budget of $100.00. $15.00 is left.', 'Ask your provider for a top-up', 'Budget and requests'], not)
    await spend(secret, 9)
    await read(t, await arrives(who, /: Acme prod .* is used up$/), ['has used up its budget of $100.00', 'Ask your provider for a top-up.', 'Budget and requests'], not)
  },

  'a referrer is told once a month by mail what it earned': async t => {
    const { page, who } = await reseller(t, { name: 'monthly', dollars: '' })
    await go(page, `${DASHBOARD}/referrals`)
    const friend = await t.open(), name = address('friend-of-months')
    await go(friend, await page.getByLabel('Link to share').inputValue())
    await enter(friend, name)
    await fund(name, '100')
    await spend((await cut(friend, 'theirs', '100', '60')).secret, 6)
    await until('the commission', async () => await page.getByText('Pending until').count() || (await page.reload(), false), 30_000)
    await server('month', who)
    const mail = await arrives(who, /your commission in /)
    await read(t, mail, ['what your referrals earned you in', 'Earned', '$0.30', 'Pending', 'See your referrals'], /friend-of-months/)
  },
}
