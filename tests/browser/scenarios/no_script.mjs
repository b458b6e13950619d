// Everything but live figures works in a browser without script.
import { address, bind, DASHBOARD, figure, fillKey, fund, go, is, PORTAL, refusal, shows, signIn, spend, until } from '../lib.mjs'

const out = (page, name) => page.locator(`[data-out=${name}]`)

const payByPage = async (page, amount) => {
  await go(page, `${DASHBOARD}/top-up`)
  await page.getByLabel('Amount').fill(amount)
  await page.getByRole('button', { name: 'Continue to payment' }).click()
  await page.getByRole('button', { name: 'Pay in full' }).click()
  await page.waitForURL(/\/billing/)
  await go(page, `${DASHBOARD}/api`)
  // Without script a page does not follow: it is looked at again.
  const credited = () => figure(page, 'balance.balance').innerText().then(text => text === `$${amount}.00`)
  await until('the payment', async () => await credited() || (await page.reload(), false))
}

export default {
  'without script a reseller pays in, creates, tops up, pauses, rotates and deletes a key': async t => {
    const page = await t.open({ script: false })
    await signIn(page, DASHBOARD, address('plain'))
    await payByPage(page, '200')
    await page.getByRole('link', { name: 'Create Key', exact: true }).first().click()
    await fillKey(page, 'plain', '100', '60')
    await page.getByRole('button', { name: 'Preview' }).click()
    await shows(out(page, 'share'), '40%')
    await shows(out(page, 'after'), '$140.0000')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    const secret = await page.locator('#secret').innerText()
    is('there is no button that would do nothing', await page.locator('[data-copy]:visible').count(), 0)
    await page.getByRole('link', { name: 'Done' }).click()
    await page.waitForURL(/\/api/)
    const id = (await page.getByRole('link', { name: 'plain', exact: true }).getAttribute('href')).split('/').pop()
    await shows(figure(page, 'balance.balance'), '$140.00')

    await page.getByRole('link', { name: 'Top up plain' }).click()
    await page.getByLabel('Amount').fill('50')
    await page.getByRole('button', { name: 'Preview' }).click()
    await shows(out(page, 'debit'), '−$30.0000')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await shows(figure(page, `key.${id}.budget`), '$150.00')

    await page.getByRole('button', { name: 'Pause plain' }).click()
    await page.getByText('Paused by you').waitFor()
    is('a call while paused', await refusal(secret), 403)
    await page.getByRole('button', { name: 'Resume plain' }).click()
    await page.waitForURL(/did=resumed/)
    await go(page, `${DASHBOARD}/keys/${id}/rotate`)
    await page.getByRole('button', { name: 'Rotate key' }).click()
    const next = await page.locator('#secret').innerText()
    is('the old secret', await refusal(secret), 401)
    await spend(next, 6)
    await go(page, `${DASHBOARD}/api`)
    await shows(figure(page, `key.${id}.spent`), '$10.00')

    await go(page, `${DASHBOARD}/usage`)
    await shows(figure(page, 'usage.spent'), '$10.00')
    await shows(figure(page, 'usage.profit'), '$4.00')
    await page.getByText('Show as table').click()
    await page.locator('figure table').waitFor()

    await go(page, `${DASHBOARD}/keys/${id}/delete`)
    await page.getByLabel('Type the label to confirm').fill('plain')
    await page.getByRole('button', { name: 'Delete key' }).click()
    await shows(figure(page, 'balance.balance'), '$194.00')
  },

  'without script a wrong form says why beside the field and keeps what was typed': async t => {
    const page = await t.open({ script: false }), who = address('wrong')
    await signIn(page, DASHBOARD, who)
    await fund(who, '50')
    await go(page, `${DASHBOARD}/keys/new`)
    for (const [budget, cost, at] of [['100', '130', '#cost'], ['1e2', '5', '#budget'], ['100', '60', '#cost'], ['0', '0', '#budget']]) {
      await fillKey(page, 'keeps', budget, cost)
      await page.getByRole('button', { name: 'Create', exact: true }).click()
      await page.locator(`${at}[aria-invalid]`).waitFor()
      is('the words', (await page.locator(`${at}-err`).innerText()).length > 10, true)
      is('the label', await page.getByLabel('Label').inputValue(), 'keeps')
      is('the budget', await page.getByLabel('Client budget').inputValue(), budget)
    }
    await go(page, `${DASHBOARD}/api`)
    await shows(figure(page, 'balance.balance'), '$50.00')
  },

  'without script a client binds a key, reads its requests and unbinds it': async t => {
    const page = await t.open({ script: false }), who = address('reseller')
    await signIn(page, DASHBOARD, who)
    await fund(who, '10')
    await go(page, `${DASHBOARD}/keys/new`)
    await fillKey(page, 'k', '10', '6')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    const secret = await page.locator('#secret').innerText()
    const acme = await t.open({ script: false })
    await signIn(acme, PORTAL, address('acme'))
    await bind(acme, secret, 'Acme prod')
    await spend(secret, 3)
    await acme.reload()
    await shows(acme.locator('.remain .balance'), '$5.00')
    await shows(acme.locator('table.lines tbody tr').first(), /\$5\.000000/)
    await acme.getByLabel('80% used').uncheck()
    await acme.getByRole('button', { name: 'Save alerts' }).click()
    await acme.waitForURL(/did=saved/)
    is('the alert is off', await acme.getByLabel('80% used').isChecked(), false)
    await go(acme, `${acme.url().split('?')[0]}/unbind`)
    await acme.getByRole('button', { name: 'Unbind' }).click()
    await acme.waitForURL(/\/bind/)
  },
}
