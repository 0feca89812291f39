/** Several tabs of one device: who is logged in is one account in all of them, and what one has sent no other keeps. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { createRenderer, nextTick, ref } from 'vue'
import { FakeStorage } from './fakes.js'

const TOKENS = 'circle.tokens.citizen'
const ME = 'circle.me.citizen'
let asked, reloads, answer

class Visit extends FakeStorage {
  clear() {
    Array.from({ length: this.length }, () => this.removeItem(this.key(0)))
  }
}

globalThis.fetch = async (url, { headers }) => {
  asked.push([url, headers.Authorization])
  const { status, body } = await answer(url)
  return new Response(JSON.stringify(body), { status })
}

const { createSession } = await import('../src/shared/session.js')
const { createOutbox } = await import('../src/shared/chat.js')
const { device } = await import('../src/shared/storage.js')
const { useUnsent } = await import('../src/shared/unsent.js')

const loggedIn = (id, token = id) => ({ token, refresh_token: `r-${token}`, expires_in: 900, citizen: { id } })
const happened = (key, newValue) =>
  globalThis.window.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }))
/** What the other tabs of the browser hear of the tokens. */
const hearTokens = () => happened(TOKENS, device.getItem(TOKENS))

beforeEach(() => {
  ;[asked, reloads] = [[], 0]
  globalThis.window = Object.assign(new EventTarget(), { location: { reload: () => (reloads += 1) } })
  globalThis.document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  answer = async () => ({ status: 200, body: {} })
  globalThis.localStorage = new Visit()
  globalThis.sessionStorage = new Visit()
})

test('another account that logs in in another tab takes over this one, which never acts as it', async () => {
  const [mine, other] = [createSession('citizen'), createSession('citizen')]
  await mine.begin(loggedIn('a'))
  await mine.api.get('/v1/cases')
  await other.begin(loggedIn('b'))
  await mine.api.get('/v1/cases')
  assert.deepEqual(
    asked.map(([, bearer]) => bearer),
    ['Bearer a', undefined],
  )
  assert.equal(reloads, 0)
  hearTokens()
  assert.equal(reloads, 1)
  globalThis.document.dispatchEvent(new Event('visibilitychange')) // a tab that had slept
  assert.equal(reloads, 2)
  assert.deepEqual([device.getItem(TOKENS).includes('"b"'), device.getItem(ME)], [true, '{"id":"b"}'])
  await mine.end()
  assert.equal(other.api.person(), 'b')
})

test('the same account in two tabs stays, and a renewal keeps whose the tokens are', async () => {
  const mine = createSession('citizen')
  await mine.begin({ ...loggedIn('a'), expires_in: 0 })
  answer = async () => ({ status: 200, body: { token: 'a2', refresh_token: 'r2', expires_in: 900 } })
  await mine.api.get('/v1/cases')
  assert.deepEqual([asked.at(-1)[1], mine.api.person()], ['Bearer a2', 'a'])
  hearTokens()
  assert.equal(reloads, 0)
})

test('a renewal that is answered after another has logged in does not take the device back', async () => {
  const [mine, other] = [createSession('citizen'), createSession('citizen')]
  for (const status of [200, 401]) {
    await mine.begin({ ...loggedIn('a'), expires_in: 0 })
    answer = async (url) => {
      if (url.endsWith('refresh')) await other.begin(loggedIn('b'))
      return { status: url.endsWith('refresh') ? status : 200, body: { token: 'a2', refresh_token: 'r2' } }
    }
    await mine.api.get('/v1/cases')
    assert.deepEqual([mine.api.person(), asked.at(-1)[1]], ['b', undefined])
  }
})

test('who logs in where another is still logged in ends that one: line, words, and what the visit keeps', async () => {
  const mine = createSession('citizen')
  await mine.begin(loggedIn('a'))
  let stopped = 0
  mine.chat.value = { stop: () => (stopped += 1) }
  sessionStorage.setItem('of-a', '1')
  const sealed = mine.sealed()
  await mine.begin(loggedIn('b'))
  assert.deepEqual([stopped, mine.chat.value, mine.me.value.id], [1, null, 'b'])
  assert.notEqual(mine.sealed(), sealed)
  assert.equal(sessionStorage.getItem('of-a'), null)
})

test('a page that opens shows nobody whose tokens are no longer there', async () => {
  await createSession('citizen').begin(loggedIn('b'))
  device.setItem(ME, '{"id":"a"}')
  const mine = createSession('citizen')
  answer = async () => ({ status: 200, body: { id: 'b' } })
  await mine.restore()
  assert.deepEqual([mine.me.value, reloads], [{ id: 'b' }, 0])
})

test('logging out by hand takes the messages that wait to be sent along', async () => {
  const mine = createSession('citizen')
  await mine.begin(loggedIn('a'))
  createOutbox(device, 'a').put({ client_id: 'm', conversation: 'c', order: 1, text: '一' })
  createOutbox(device, 'b').put({ client_id: 'n', conversation: 'c', order: 1, text: '二' })
  await mine.end()
  assert.deepEqual([device.length, device.key(0)], [1, 'circle.outbox.b.n'])
})

/** A form with one text, drawn nowhere. `read` gives what was kept. */
function openForm(read) {
  const [text, calls] = [ref(''), []]
  const sealed = {
    ready: () => {},
    read,
    keep: (place, value) => calls.push(value),
    drop: () => calls.push(null),
    storedAt: (place) => `circle.typed.a.${place}`,
  }
  const parts = Object.fromEntries(
    ['createComment', 'insert', 'remove', 'parentNode', 'nextSibling'].map((name) => [name, () => ({})]),
  )
  let unsent
  const app = createRenderer(parts).createApp({
    setup() {
      unsent = useUnsent({ sealed: () => sealed }, 'f', {
        words: () => text.value || null,
        put: (words) => {
          text.value = words
        },
      })
      return () => null
    },
  })
  app.mount({})
  return { app, text, calls, back: unsent.back }
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

test('words that were put back are not kept again once another tab has sent them', async () => {
  const form = openForm(async () => '一')
  await nextTick()
  await nextTick()
  assert.deepEqual([form.back.value, form.text.value], [true, '一'])
  happened('circle.typed.a.g', null)
  happened('circle.typed.a.f', '{}')
  assert.equal(form.back.value, true)
  happened('circle.typed.a.f', null)
  assert.equal(form.back.value, false)
  await later(450)
  form.app.unmount()
  assert.deepEqual(form.calls, [])
})

test('what this tab has typed itself is kept, whatever another tab sends', async () => {
  const form = openForm(async () => null)
  await nextTick()
  form.text.value = '我的'
  await nextTick()
  happened('circle.typed.a.f', null)
  form.app.unmount()
  assert.deepEqual(form.calls, ['我的'])
})

test('words that are read after the form has gone come back nowhere', async () => {
  let give
  const form = openForm(() => new Promise((resolve) => (give = resolve)))
  await nextTick()
  form.app.unmount()
  give('一')
  await later(450)
  assert.deepEqual([form.text.value, form.back.value, form.calls], ['', false, []])
})

test('every form that keeps words says when they were sent, or saves them, or empties itself', () => {
  const src = join(import.meta.dirname, '../src')
  const forms = readdirSync(src, { recursive: true })
    .filter((name) => name.endsWith('.vue'))
    .map((name) => [name, readFileSync(join(src, name), 'utf8')])
    .filter(([, text]) => text.includes('useUnsent('))
  const silent = forms.filter(([, text]) => !/unsent\.sent|isSaved: true/.test(text))
  assert.deepEqual(
    silent.map(([name]) => name),
    ['shared/parts/TalkPane.vue'],
  )
})
