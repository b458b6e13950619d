// The back button after each flow: no form is sent again, no page is broken.
import { cut, DASHBOARD, dialog, figure, fillKey, is, keep, menu, reseller, sheet, shows, until } from '../lib.mjs'

const whole = async page => {
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  is('no dialog is left open', await sheet(page).count(), 0)
}

// A page that loads itself again, since a key came or went, may cut a step short; what is asked of it after still holds.
const step = (page, way) => page[way]().catch(error => {
  if (!/ERR_ABORTED|ERR_CACHE_MISS|detached/.test(error.message)) throw error
})

export default {
  'going back and forth after each dialog sends nothing again': async t => {
    const { page } = await reseller(t)
    await page.goto(`${DASHBOARD}/usage`)
    await page.goto(`${DASHBOARD}/api`)
    const form = await dialog(page, 'Create Key', 'Create API Key')
    await fillKey(form, 'first', '100', '60')
    await form.getByRole('button', { name: 'Create', exact: true }).click()
    await keep(page, 'first')
    const more = await dialog(page, 'Top up first', 'Top Up Client Key')
    await more.getByLabel('Amount').fill('50')
    await more.getByRole('button', { name: 'Confirm' }).click()
    await shows(figure(page, 'balance.balance'), '$110.00')
    for (let steps = 0; steps < 3; steps++) {
      await step(page, 'goBack')
      await whole(page)
    }
    for (let steps = 0; steps < 3; steps++) {
      await step(page, 'goForward')
      await whole(page)
    }
    await page.goto(`${DASHBOARD}/api`)
    await shows(figure(page, 'balance.balance'), '$110.00')
    is('keys', await page.locator('article.key').count(), 1)
  },

  'back to a form that was sent as a page, and sent once more, does nothing twice': async t => {
    const { page } = await reseller(t)
    await page.goto(`${DASHBOARD}/keys/new`)
    await fillKey(page, 'paged', '100', '60')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByRole('heading', { name: 'Key created' }).waitFor()
    await step(page, 'goBack')
    await page.getByRole('heading', { name: 'Create API Key' }).waitFor()
    // The answer itself is not kept: the browser asks, and whoever insists sends the form once more.
    await step(page, 'goForward')
    await until('sent once more', () => page.reload().then(() => true, () => false))
    await page.getByText('This key was shown once already and cannot be shown again.').waitFor()
    await page.goto(`${DASHBOARD}/api`)
    await shows(figure(page, 'balance.balance'), '$140.00')
    const id = (await page.getByRole('link', { name: 'paged', exact: true }).getAttribute('href')).split('/').pop()
    await page.goto(`${DASHBOARD}/keys/${id}/top-up`)
    await page.getByLabel('Amount').fill('50')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.waitForURL(/did=top-up/)
    await step(page, 'goBack')
    await page.getByRole('heading', { name: 'Top Up Client Key' }).waitFor()
    is('nothing is typed in what is shown', await page.getByLabel('Amount').inputValue(), '')
    await step(page, 'goForward')
    await page.waitForURL(/did=top-up/)
    await shows(figure(page, 'balance.balance'), '$110.00')
  },

  'back after a deletion does not bring the key back': async t => {
    const { page } = await reseller(t)
    const { id } = await cut(page, 'gone', '100', '60')
    await page.goto(`${DASHBOARD}/keys/${id}`)
    const form = await menu(page, 'gone', 'Delete', 'Delete gone')
    await form.getByLabel('Type the label to confirm').fill('gone')
    await form.getByRole('button', { name: 'Delete key' }).click()
    await page.waitForURL(/did=deleted/)
    await step(page, 'goBack')
    await page.getByText('Deleted', { exact: true }).waitFor()
    is('its buttons are gone', await page.getByRole('link', { name: 'Top up gone' }).count(), 0)
  },

  'back after signing out shows nothing of the account': async t => {
    const { page, who } = await reseller(t)
    await page.locator('.side summary').click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${DASHBOARD}/login`)
    await step(page, 'goBack')
    await page.waitForURL(`${DASHBOARD}/login*`)
    is('the address', (await page.content()).includes(who), false)
  },
}
