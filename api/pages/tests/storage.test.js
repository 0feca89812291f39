/** A storage that is blocked, full or spoilt never throws; what was typed is sealed to its account, for a day. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createApi, createKeys } from '../src/shared/api.js'
import { createOutbox } from '../src/shared/chat.js'
import { createSealed, sweepTyped } from '../src/shared/sealed.js'
import { cannotKeep, parsed, surviving } from '../src/shared/storage.js'
import { FakeStorage } from './fakes.js'

const blocked = () => {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}
class FullStorage extends FakeStorage {
  full = false
  setItem(key, value) {
    if (this.full) throw new DOMException('full', 'QuotaExceededError')
    super.setItem(key, value)
  }
}

for (const [what, open] of [
  ['blocked', blocked],
  ['missing', () => undefined],
  ['null', () => null],
])
  test(`a storage that is ${what} lives as long as the page, and says so`, () => {
    cannotKeep.value = false
    const storage = surviving(open)
    assert.equal(storage.getItem('a'), null)
    storage.setItem('a', 1)
    assert.deepEqual([storage.getItem('a'), storage.length, storage.key(0), storage.key(1)], ['1', 1, 'a', null])
    storage.removeItem('a')
    storage.setItem('b', '')
    assert.deepEqual([storage.getItem('a'), storage.getItem('b')], [null, ''])
    storage.clear()
    assert.equal(storage.length, 0)
    assert.equal(cannotKeep.value, true)
  })

test('where a storage is full, the older value does not come back with a reload', () => {
  const real = new FullStorage()
  const storage = surviving(() => real)
  storage.setItem('tokens', 'old')
  real.full = true
  storage.setItem('tokens', 'new')
  assert.deepEqual([storage.getItem('tokens'), real.getItem('tokens')], ['new', null])
  real.full = false
  storage.setItem('tokens', 'newer')
  assert.deepEqual([storage.getItem('tokens'), real.getItem('tokens'), storage.length], ['newer', 'newer', 1])
})

const SPOILT = ['', '{', 'null', '5', '"x"', '[]', '{"token":1}', '\u0000', '{"conversation":null}']

test('what is spoilt is nothing, and goes', () => {
  for (const text of SPOILT) {
    const storage = new FakeStorage()
    for (const key of ['circle.tokens.citizen', 'circle.outbox.c1.x', 'circle.typed.c1.x', 'k'])
      storage.setItem(key, text)
    const api = createApi({ name: 'citizen', storage, keys: createKeys(storage), language: () => 'zh' })
    assert.equal(api.signedIn(), false, text)
    assert.deepEqual(createOutbox(storage, 'c1').all(), [])
    sweepTyped(storage)
    assert.equal(storage.length, 1)
    assert.ok(!parsed(storage, 'k')?.token?.length)
  }
})

const KEYS = { today: 'A'.repeat(43) + '=', yesterday: 'B'.repeat(42) + 'A=' }
const DAY = 86_400_000

/** An account's log-in: gives its keys while it lives. */
function account(storage, owner, { days = [['2026-11-30', KEYS.today]], at = 0 } = {}) {
  const state = { days, at, live: true, asked: 0 }
  const get = async () => {
    state.asked += 1
    if (!state.live) throw new Error('401')
    return { owner: state.answersAs ?? owner, keys: state.days.map(([day, key]) => ({ day, key })) }
  }
  return Object.assign(state, createSealed({ storage, api: { get }, owner, now: () => state.at }))
}

test('words come back to the next log-in of their account, and to nobody else', async () => {
  const storage = new FakeStorage()
  const mine = account(storage, 'c1')
  await mine.ready()
  mine.live = false
  await mine.keep('ask/', '我想问社保补缴')
  const [key] = [storage.key(0)]
  assert.ok(!storage.getItem(key).includes('社保'))
  assert.equal(await account(storage, 'c2').read('ask/'), null)
  storage.setItem(key.replace('c1', 'c2'), storage.getItem(key))
  assert.equal(await account(storage, 'c2').read('ask/'), null, 'carried to another account')
  storage.setItem(`${key}x`, storage.getItem(key))
  assert.equal(await account(storage, 'c1').read('ask/x'), null, 'carried to another form')
  assert.equal(await account(storage, 'c1', { days: [['2026-11-30', KEYS.yesterday]] }).read('ask/'), null)
})

test('they are kept a day, and opened with the key of the day before', async () => {
  const storage = new FakeStorage()
  await account(storage, 'c1').keep('f', { a: ['一'] })
  const days = [
    ['2026-12-01', KEYS.yesterday],
    ['2026-11-30', KEYS.today],
  ]
  assert.deepEqual(await account(storage, 'c1', { days, at: DAY - 1 }).read('f'), { a: ['一'] })
  assert.equal(await account(storage, 'c1', { days, at: DAY }).read('f'), null)
  assert.equal(storage.length, 0)
})

test('words of a day this tab has no key for are asked for once more, and stay where there is none', async () => {
  const storage = new FakeStorage()
  const before = account(storage, 'c1')
  await before.ready()
  const days = [
    ['2026-12-01', KEYS.yesterday],
    ['2026-11-30', KEYS.today],
  ]
  await account(storage, 'c1', { days }).keep('f', '别处写的')
  assert.equal(await before.read('f'), null)
  assert.deepEqual([storage.length, before.asked], [1, 2])
  before.days = days
  assert.equal(await before.read('f'), '别处写的')
  assert.equal(before.asked, 3)
})

test('keys of another account, which has logged in meanwhile, seal and open nothing', async () => {
  const storage = new FakeStorage()
  await account(storage, 'c1').keep('f', '一')
  const mine = account(storage, 'c1')
  mine.answersAs = 'c2'
  await mine.keep('g', '二')
  assert.deepEqual([await mine.read('f'), storage.length], [null, 1])
})

test('logging out by hand leaves nothing, nor what is just being sealed', async () => {
  const storage = new FakeStorage()
  const [mine, other] = [account(storage, 'c1'), account(storage, 'c2')]
  await Promise.all([mine.keep('f', '一'), other.keep('f', '二')])
  const late = mine.keep('g', '三')
  mine.end()
  await late
  await mine.keep('h', '四')
  assert.deepEqual([storage.length, storage.key(0)], [1, 'circle.typed.c2.f'])
})

test('what was typed last stays, and what was sent is gone', async () => {
  const storage = new FakeStorage()
  const mine = account(storage, 'c1')
  mine.keep('f', '一')
  mine.keep('f', '一二')
  assert.equal(await mine.read('f'), '一二')
  mine.keep('f', '一二三')
  await mine.drop('f')
  assert.equal(storage.length, 0)
})

test('without keys, or without WebCrypto, nothing is kept, and nobody is asked at each letter', async () => {
  const storage = new FakeStorage()
  const mine = account(storage, 'c1')
  mine.live = false
  for (const words of ['一', '一二', '一二三']) await mine.keep('f', words)
  assert.deepEqual([storage.length, mine.asked], [0, 1])
  mine.live = true
  mine.at = 15_000
  await mine.keep('f', '四')
  assert.equal(storage.length, 1)
  const plain = createSealed({ storage, api: {}, owner: 'c3', now: () => mine.at, subtle: null })
  await plain.keep('f', '五')
  assert.deepEqual([await plain.read('f'), storage.length], [null, 1])
})

test('nothing in the pages cuts what is typed or pasted', () => {
  const pages = join(import.meta.dirname, '..')
  const cutting = [...readdirSync(join(pages, 'src'), { recursive: true }).map((name) => join('src', name))]
    .concat(readdirSync(join(pages, 'plain/templates')).map((name) => join('plain/templates', name)))
    .filter((name) => /\.(vue|js|html)$/.test(name) && /maxlength/i.test(readFileSync(join(pages, name), 'utf8')))
  assert.deepEqual(cutting, [])
})
