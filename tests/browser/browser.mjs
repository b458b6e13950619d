// Chromium, and what a scenario works with.

export const FLAGS = '--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run'.split(' ')

// A refusal that the page shows: Chromium logs the status of each.
const REFUSED = /^Failed to load resource: the server responded with a status of 4(01|02|03|09|22|29) /
const PATIENCE_MS = 15_000

/**
 * `open` gives a page in a context of its own, `allow` names what may be logged, `troubles` are what was logged besides:
 * script errors, breaches of the content policy, answers of 500 and above.
 */
export const people = browser => {
  const contexts = [], troubles = [], allowed = [REFUSED]
  const note = text => { if (!allowed.some(expected => expected.test(text))) troubles.push(text) }
  const watch = page => {
    page.on('pageerror', error => note(`script error: ${error.message}`))
    page.on('console', line => ['error', 'warning'].includes(line.type()) && note(`${line.text()} ${line.location().url}`))
    page.on('response', answer => answer.status() >= 500 && note(`${answer.url()} answered ${answer.status()}`))
  }
  const open = async ({ width = 1280, theme = 'light', script = true, agent } = {}) => {
    const phone = width < 700
    const context = await browser.newContext({
      viewport: { width, height: phone ? 844 : 860 }, isMobile: phone, hasTouch: phone, colorScheme: theme,
      javaScriptEnabled: script, userAgent: agent, reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'],
    })
    context.setDefaultTimeout(PATIENCE_MS)
    context.on('page', watch)
    contexts.push(context)
    return context.newPage()
  }
  const close = () => Promise.all(contexts.map(context => context.close()))
  return { open, close, allow: expected => allowed.push(expected), contexts, troubles }
}
