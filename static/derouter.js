// Every page works without this. It adds live figures, dialogs in place, previews while typing, copying, chart
// values and shortcuts. Amounts are BigInt nano-dollars, and the server decides again.

const $ = (selector, root = document) => root.querySelector(selector)
const all = (selector, root = document) => [...root.querySelectorAll(selector)]
const on = (type, selector, act) => document.addEventListener(type, e => {
  const found = e.target.closest?.(selector)
  if (found) act(found, e)
})
const say = text => { $('#say').textContent = ''; setTimeout(() => { $('#say').textContent = text }, 50) }

// ---- Amounts

const NANO = 10n ** 9n
const amount = text => {
  const m = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text.trim().replace(/^\$/, ''))
  return m ? BigInt(m[1]) * NANO + BigInt((m[2] ?? '').padEnd(9, '0')) : null
}
const unfinished = text => /^\s*\$?\d{0,9}\.?\s*$/.test(text)
const dollars = (nanos, places) => {
  const unit = 10n ** BigInt(9 - places), scale = 10n ** BigInt(places)
  const units = (nanos < 0n ? -nanos : nanos) / unit
  const whole = String(units / scale).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${nanos < 0n ? '−' : ''}$${whole}.${String(units % scale).padStart(places, '0')}`
}
const percent = (part, whole) => {
  const mille = part * 1000n / whole
  return mille % 10n ? `${mille / 10n}.${mille % 10n}%` : `${mille / 10n}%`
}

// ---- Previews: what two numbers mean, before anything is done

const fault = (input, text) => {
  const note = $('#' + input.id + '-err')
  note.hidden = !text
  note.lastElementChild.textContent = text
  text ? input.setAttribute('aria-invalid', 'true') : input.removeAttribute('aria-invalid')
}
const previewOf = form => {
  const { available, num, den, total, paid } = form.dataset
  const first = $('[data-role=price]', form), second = $('[data-role=debit]', form)
  const faults = new Map(), price = amount(first.value), typed = second && amount(second.value)
  for (const [input, value] of [[first, price], [second, typed]]) {
    if (input?.value && value === null) faults.set(input, form.dataset.bad)
    else if (value === 0n) faults.set(input, form.dataset.zero)
  }
  if (faults.size || price === null || (second && typed === null)) return { faults }
  const debit = second ? typed : ((BigInt(total) + price) * BigInt(num) + BigInt(den) - 1n) / BigInt(den) - BigInt(paid)
  const last = second ?? first
  if (second && debit > price) faults.set(last, form.dataset.over)
  else if (second && price > debit * 1000n) faults.set(last, form.dataset.thin)
  else if (debit > BigInt(available)) faults.set(last, form.dataset.short)
  if (faults.size) return { faults }
  const out = { debit: dollars(-debit, 4), after: dollars(BigInt(available) - debit, 4) }
  if (second) Object.assign(out, { price: dollars(price, 2), share: percent(price - debit, price), gain: dollars(price - debit, 2) })
  else out.total = dollars(BigInt(total) + price, 2)
  return { faults, out, even: second && price === debit }
}
const showPreview = form => {
  const { faults, out, even } = previewOf(form)
  const blank = all('[data-role]', form).some(i => !i.value)
  $('.preview', form).classList.toggle('old', !out && !blank)
  if (!out) return faults
  for (const [name, text] of Object.entries(out)) {
    const place = $(`[data-out=${name}]`, form)
    place.textContent = text + (place.dataset.unit ?? '')
  }
  if ($('[data-out=even]', form)) {
    $('[data-out=even]', form).hidden = !even
    $('[data-out=share]', form).hidden = even
  }
  return faults
}
const showFaults = (form, faults) => {
  // The words wait a moment, and the dialog may show its answer by then.
  if (!form.isConnected) return
  for (const input of all('[data-role]', form)) fault(input, faults.get(input) ?? '')
}
let settle
on('input', '[data-preview] [data-role]', input => {
  const form = input.form, faults = showPreview(form)
  clearTimeout(settle)
  // Words wait until the typing rests; a fault that is gone leaves at once.
  for (const i of all('[data-role]', form)) if (!faults.has(i)) fault(i, '')
  settle = setTimeout(() => { if (form.isConnected && (!unfinished(input.value) || amount(input.value) !== null)) showFaults(form, faults) }, 500)
})
on('change', '[data-preview] [data-role]', input => showFaults(input.form, showPreview(input.form)))
on('click', '[data-fill]', (link, e) => {
  e.preventDefault()
  const input = $('input[inputmode=decimal]', link.closest('form'))
  input.value = link.dataset.fill
  input.dispatchEvent(new Event('input', { bubbles: true }))
  input.focus()
})

// ---- Forms: checked before they go, sent once

const busy = (button, now) => ['aria-disabled', 'aria-busy'].forEach(a => now ? button?.setAttribute(a, 'true') : button?.removeAttribute(a))
const ready = form => {
  if (!form.dataset.preview) return true
  const faults = showPreview(form), label = $('#label', form)
  showFaults(form, faults)
  for (const i of all('[data-role]', form)) if (!i.value) fault(i, form.dataset.bad)
  if (label) fault(label, label.value.trim() ? '' : form.dataset.blank)
  const wrong = $('[aria-invalid]', form)
  wrong?.focus()
  return !wrong
}
addEventListener('submit', e => {
  const form = e.target, button = e.submitter
  if (button?.getAttribute('aria-disabled') === 'true') return e.preventDefault()
  if (!button?.formNoValidate && !ready(form)) return e.preventDefault()
  if (form.matches('[data-theme-form]')) {
    document.documentElement.dataset.theme = button.value
    for (const b of all('[name=theme]')) b.setAttribute('aria-pressed', String(b.value === button.value))
  }
  if (form.matches('[data-theme-form], dialog form:not([data-away])')) {
    e.preventDefault()
    return send(form, button)
  }
  // The button's own name and value are read after this event.
  setTimeout(busy, 0, button, true)
})
addEventListener('pageshow', e => e.persisted && all('button[aria-busy]').forEach(b => busy(b, false)))
const send = async (form, button) => {
  busy(button, true)
  try {
    const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form, button)) })
    if (form.matches('[data-theme-form]')) return
    if (answer.status >= 500) throw answer
    if (answer.redirected || !await fill(answer)) location.assign(answer.url)
  } catch {
    unsure(form)
  } finally {
    busy(button, false)
  }
}
const unsure = form => {
  let note = $('.notice.bad', form)
  if (!note) form.prepend(note = Object.assign(document.createElement('div'), { className: 'notice bad' }))
  note.setAttribute('role', 'alert')
  note.textContent = 'No answer came. Try again: whatever you sent is done once at most.'
}
on('change', 'form[data-auto] select', select => select.form.requestSubmit())
on('input', '[data-code], #code', input => { input.value = input.value.replace(/\s/g, '') })

// ---- Dialogs: the page behind the link, shown in place

let dialog, opener, copied
const fill = async answer => {
  const sheet = $('[data-dialog]', new DOMParser().parseFromString(await answer.text(), 'text/html'))
  if (!sheet) return false
  all('noscript', sheet).forEach(n => n.remove())
  if (!dialog) {
    dialog = document.body.appendChild(document.createElement('dialog'))
    dialog.setAttribute('aria-labelledby', 'sheet-title')
    dialog.addEventListener('cancel', e => { if (!mayClose()) e.preventDefault() })
    dialog.addEventListener('close', () => { dialog.replaceChildren(); opener?.focus() })
    dialog.addEventListener('mousedown', e => { if (e.target === dialog && mayClose()) dialog.close() })
  }
  copied = !sheet.dataset.once
  dialog.replaceChildren(document.adoptNode(sheet))
  if (!dialog.open) dialog.showModal()
  ;($('[data-first], [aria-invalid]', dialog) ?? $('[autofocus]', dialog) ?? $('a, button, input', dialog))?.focus()
  all('[data-resend]', dialog).forEach(countdown)
  return true
}
const mayClose = () => {
  const note = dialog && $('#leave', dialog)
  if (copied || !note || !note.hidden) return true
  note.hidden = false
  note.focus()
  return false
}
on('click', 'a[data-dialog-link]', async (link, e) => {
  if (e.ctrlKey || e.metaKey || e.shiftKey || link.ariaDisabled === 'true' || link.origin !== location.origin) return
  e.preventDefault()
  if (!link.closest('dialog')) opener = link.closest('details')?.querySelector('summary') ?? link
  try {
    if (!await fill(await fetch(link.href))) location.assign(link.href)
  } catch { location.assign(link.href) }
})
on('click', 'dialog [data-close]', (link, e) => {
  e.preventDefault()
  if (!mayClose()) return
  link.hasAttribute('data-reload') ? location.assign(link.href) : dialog.close()
})

// ---- Copy, print, menus

on('click', '[data-copy]', async button => {
  const from = document.getElementById(button.dataset.copy), word = $('span', button)
  const text = from.value ?? from.textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    from.select ? from.select() : getSelection().selectAllChildren(from)
    if (!document.execCommand('copy')) return
  }
  copied = true
  const was = button.dataset.was ??= word.textContent
  word.textContent = 'Copied'
  say('Copied')
  setTimeout(() => { word.textContent = was }, 2000)
})
on('click', '[data-print]', () => print())
addEventListener('click', e => all('details.menu[open]').forEach(m => {
  if (!m.contains(e.target) || (e.target.closest('.item') && e.target.closest('summary')?.parentNode !== m && !e.target.closest('form'))) m.open = false
}))

// ---- Charts: one tab stop, arrows along the bars, values in a box above them

const tipFor = bar => {
  const area = bar.closest('.area')
  let tip = $('.tip', area)
  if (!tip) area.append(tip = Object.assign(document.createElement('div'), { className: 'tip', ariaHidden: 'true' }))
  tip.textContent = bar.getAttribute('aria-label')
  tip.hidden = false
  const box = area.getBoundingClientRect(), at = $('.hit', bar).getBoundingClientRect()
  const left = at.left + at.width / 2 - box.left - tip.offsetWidth / 2
  tip.style.left = Math.max(0, Math.min(left, box.width - tip.offsetWidth)) + 'px'
}
const hideTips = () => all('.tip').forEach(t => { t.hidden = true })
all('[data-chart] title').forEach(t => t.remove())
on('focusin', '[data-chart] g', tipFor)
on('pointerover', '[data-chart] g', tipFor)
on('focusout', '[data-chart] g', hideTips)
document.addEventListener('pointerover', e => { if (!e.target.closest('[data-chart] g') && !document.activeElement.closest('[data-chart]')) hideTips() })
on('keydown', '[data-chart] g', (bar, e) => {
  const bars = all('g', bar.closest('svg')), i = bars.indexOf(bar)
  const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: bars.length - 1 }[e.key]
  if (to === undefined || !bars[to]) return
  e.preventDefault()
  bar.setAttribute('tabindex', '-1')
  bars[to].setAttribute('tabindex', '0')
  bars[to].focus()
})

// ---- Live figures: one stream a page, or a poll where streams are blocked

const live = document.body.dataset.live
if (live) {
  let stream, poll, hide, failures = 0
  const mark = lost => {
    const note = $('#stale')
    if (note.hidden === !lost) return
    note.hidden = !lost
    if (lost) $('#stale-at').textContent = new Date(heard).toISOString().slice(11, 16) + ' UTC'
    say(lost ? 'Connection lost' : 'Connected again')
  }
  let heard = Date.now()
  const each = (values, kind, act) => {
    for (const id in values) all(`[data-${kind}="${CSS.escape(id)}"]`).forEach(e => act(e, values[id]))
  }
  const apply = message => {
    heard = Date.now()
    failures = 0
    mark(false)
    each(message.set, 'live', (e, text) => {
      if (e.textContent === text) return
      e.textContent = text
      e.classList.remove('ticked')
      requestAnimationFrame(() => e.classList.add('ticked'))
    })
    each(message.exact, 'live', (e, text) => { e.title = text })
    each(message.bar, 'bar', (e, width) => e.setAttribute('width', width + '%'))
    each(message.chip, 'chip', (e, chip) => {
      e.className = 'chip ' + chip.tone
      $('use', e).setAttribute('href', '#i-' + chip.icon)
      e.lastElementChild.textContent = chip.word
    })
    if (message.say) say(message.say)
    if (message.reload) reload()
  }
  // A dialog may hold what is shown once: it is closed before the page behind it is loaded again.
  // Nor is it loaded while a form or link leads elsewhere.
  let leaving = 0
  addEventListener('beforeunload', () => { leaving = Date.now() })
  const again = () => Date.now() - leaving > 9000 && location.reload()
  const reload = () => dialog?.open ? dialog.addEventListener('close', again) : again()
  const ask = async () => {
    try {
      const answer = await fetch(live, { headers: { accept: 'application/json' } })
      if (answer.status === 401) return location.reload()
      if (!answer.ok) throw answer
      apply(await answer.json())
    } catch { mark(true) }
  }
  const open = () => {
    stream = new EventSource(live)
    stream.onmessage = e => {
      clearInterval(poll)
      poll = undefined
      apply(JSON.parse(e.data))
    }
    stream.onerror = () => {
      const then = heard
      setTimeout(() => { if (heard === then) mark(true) }, 4000)
      if (++failures < 3 && stream.readyState !== EventSource.CLOSED) return
      stream.close()
      poll ??= setInterval(ask, 10000)
      ask()
    }
  }
  const close = () => { stream?.close(); clearInterval(poll); stream = poll = undefined }
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hide)
    if (document.hidden) hide = setTimeout(close, 60000)
    else if (!stream) open()
  })
  addEventListener('pagehide', close)
  if (!document.hidden) open()
}

// ---- Waiting: a new code after its time, a retry by itself

const countdown = button => {
  let left = Number(button.dataset.resend)
  const words = button.textContent
  const tick = () => {
    button.setAttribute('aria-disabled', String(left > 0))
    button.textContent = left > 0 ? `${words} in ${left} s` : words
    if (left-- > 0) setTimeout(tick, 1000)
  }
  tick()
}
all('[data-resend]').forEach(countdown)
const retry = $('[data-retry]')
if (retry) {
  let left = Number(retry.dataset.retry)
  const timer = setInterval(() => {
    retry.textContent = `Trying again in ${left} s`
    if (left-- <= 0) { clearInterval(timer); location.assign($('[data-again]').href) }
  }, 1000)
}
const mini = $('#mini')
if (mini) new IntersectionObserver(([e]) => { mini.hidden = e.isIntersecting || e.boundingClientRect.top > 0 }).observe($('.remain'))

// ---- Keys: / find, c create, t top up, g then a page, ? list, Escape

let went = 0
addEventListener('keydown', e => {
  if (e.key === 'Escape') {
    hideTips()
    for (const menu of all('details.menu[open]')) { menu.open = false; $('summary', menu).focus() }
  }
  if (document.body.dataset.shortcuts !== 'on' || e.ctrlKey || e.metaKey || e.altKey || dialog?.open) return
  if (e.target.closest('input, select, textarea')) return
  if (went > Date.now() - 1500) {
    went = 0
    const page = { a: '/api', u: '/usage', b: '/billing', s: '/settings' }[e.key]
    if (page) location.assign(page)
    return
  }
  if (e.key === 'g') { went = Date.now(); return }
  const target = e.key === '?' ? $('[href="/shortcuts"]') : $(`[data-key="${CSS.escape(e.key)}"]`)
  if (!target) return
  e.preventDefault()
  target.matches('input') ? target.focus() : target.click()
})
