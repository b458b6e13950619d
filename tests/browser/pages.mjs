// Every page of both sites, each in a state with something to show. A new page gets a line here and is then looked at
// in both themes and at three widths, for findings of axe, weight, sideways scroll and errors.
import { CONSOLE, DASHBOARD, PORTAL, address, dialog, fillKey, menu, server, sheet } from './lib.mjs'

const newKey = async page => {
  const form = await dialog(page, 'Create Key', 'Create API Key')
  await fillKey(form, 'looked-at', '100', '60')
  return form
}

/** `[who looks, path, what is done there]`, by part. */
export const pages = ({ keys, ming, topUp, receipt, request }) => {
  const id = label => keys[label].id, acme = id('acme-corp-prod')
  return {
    'keys': [
      ['ming', '/api'], ['ming', '/api?q=no-such-key'], ['ming', '/api?state=deleted'], ['many', '/api'], ['empty', '/api'],
      ['frozen', '/api'], ['ming', `/keys/${acme}`], ['ming', `/keys/${id('gone')}`], ['ming', '/account-key'],
    ],
    'forms': [
      ['ming', '/keys/new'], ['ming', '/keys/new?label=x&budget=10&cost=10'], ['ming', `/keys/${acme}/top-up?amount=50`],
      ['ming', `/keys/${acme}/rename`], ['ming', `/keys/${acme}/rotate`], ['ming', `/keys/${acme}/delete`],
      ['ming', `/keys/${acme}/message`], ['ming', '/account-key/rotate'], ['ming', '/top-up?amount=200'], ['ming', '/redeem'], ['ming', '/redeem', wrongCode], ['ming', '/shortcuts'],
    ],
    'books': [
      ['ming', '/usage'], ['ming', '/usage?range=24h&show=calls'], ['ming', `/usage?range=custom&from=2026-01-01&to=2026-01-31`],
      ['empty', '/usage'], ['ming', request], ['ming', '/billing'], ['empty', '/billing'], ['ming', '/billing/statement'],
      ['ming', topUp], ['taken', '/billing'], ['taken', receipt], ['referrer', '/referrals'], ['empty', '/referrals'], ['ming', '/settings'], ['ming', '/guide'], ['empty', '/guide'], ['ming', '/nowhere'],
    ],
    'dialogs': [
      ['ming', '/api', newKey],
      ['ming', '/api', async page => {
        const form = await newKey(page)
        await form.getByLabel('Your cost').fill('130')
        await form.getByRole('button', { name: 'Create', exact: true }).click()
        await form.locator('#cost[aria-invalid]').waitFor()
      }],
      ['many', '/api', async page => {
        await (await newKey(page)).getByRole('button', { name: 'Create', exact: true }).click()
        await sheet(page).getByRole('heading', { name: 'Key created' }).waitFor()
      }],
      ['ming', '/api', page => menu(page, 'acme-corp-prod', 'Delete', 'Delete acme-corp-prod')],
      ['ming', '/api', async page => {
        await server('age', ming)
        const form = await menu(page, 'research-team', 'Rotate', 'Rotate research-team')
        await form.getByRole('button', { name: 'Rotate key' }).click()
        await form.getByLabel('Code from your mail').waitFor()
      }],
    ],
    'portal': [
      ['acme', '/keys'], ['acme', `/keys/${acme}`], ['acme', `/keys/${id('initech-trial')}`],
      ['acme', `/keys/${id('northwind-batch')}?days=7`], ['acme', `/keys/${id('globex-staging')}`], ['acme', '/bind'],
      ['newcomer', '/bind'], ['acme', `/keys/${acme}/name`], ['acme', `/keys/${acme}/unbind`], ['acme', '/account'],
      ['acme', '/nowhere'],
    ],
    'doors': [
      ['stranger', `${DASHBOARD}/login`], ['stranger', `${DASHBOARD}/login`, askForCode], ['stranger', `${PORTAL}/sign-in`],
      ['stranger', `${PORTAL}/sign-in`, askForCode], ['stranger', `${CONSOLE}/_dev/outbox`], ['ming', '/top-up', goToCheckout],
    ],
  }
}

const askForCode = async page => {
  await page.getByLabel('E-mail address').fill(address('looker'))
  await page.getByRole('button', { name: 'Send code' }).click()
  await page.getByLabel('Six-digit code').waitFor()
}
const wrongCode = async page => {
  await page.getByLabel('Code', { exact: true }).fill('7KQ2M')
  await page.getByRole('button', { name: 'Redeem', exact: true }).click()
  await page.locator('#code[aria-invalid]').waitFor()
}
const goToCheckout = async page => {
  await page.getByLabel('Amount').fill('20')
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  await page.waitForURL(`${CONSOLE}/_dev/checkout/*`)
}

const CLIENTS = ['acme', 'newcomer']
/** The whole address of a path that this person looks at. */
export const addressOf = (who, path) => /^http/.test(path) ? path : (CLIENTS.includes(who) ? PORTAL : DASHBOARD) + path
