/** Tokens, keys, versions and refusals, against a server that fails in the ways servers fail. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { createApi, createKeys, newId, queryString, Refusal } from '../src/shared/api.js'
import { FakeStorage } from './fakes.js'

const SESSION = { token: 'old', refresh_token: 'r1', expires_in: 900 }

let asked, answers, storage, keys, out

const json = (status, body, headers = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
  })

async function fetch(url, { method, headers, body }) {
  asked.push({ url, method, headers, body: body && JSON.parse(body) })
  const answer = answers(url, headers, asked.length)
  if (answer === 'no network') throw new TypeError('Failed to fetch')
  return answer
}

const open = (more = {}) =>
  createApi({
    name: 'citizen',
    storage,
    keys,
    language: () => 'zh',
    fetch,
    pause: async () => {},
    onSignedOut: () => {
      out += 1
    },
    ...more,
  })

beforeEach(() => {
  ;[asked, out] = [[], 0]
  answers = () => json(200, {})
  storage = new FakeStorage()
  keys = createKeys(new FakeStorage())
})

describe('refusals', () => {
  it('carry the code, the words and the reasons by field', async () => {
    answers = () =>
      json(422, {
        code: 'bad_fields',
        title: '有误',
        detail: '请改一下。',
        errors: { phone: ['太短。'] },
        request_id: 'q',
      })
    await assert.rejects(
      open().get('/v1/me'),
      (error) =>
        error instanceof Refusal &&
        error.code === 'bad_fields' &&
        error.message === '请改一下。' &&
        error.errors.phone[0] === '太短。' &&
        error.requestId === 'q',
    )
  })

  it('have a code even when the answer is not from us', async () => {
    answers = () => new Response('<h1>teapot</h1>', { status: 418 })
    await assert.rejects(open().get('/v1/me'), { code: 'http_418', status: 418 })
  })

  it('say when to come back', async () => {
    answers = () => json(429, { code: 'too_many' }, { 'Retry-After': '30' })
    await assert.rejects(open().post('/v1/sessions/codes', {}), { retryAfter: 30 })
  })
})

describe('trying again', () => {
  it('repeats a read that nobody answered', async () => {
    answers = (url, headers, turn) => (turn < 3 ? 'no network' : json(200, { fine: true }))
    assert.deepEqual(await open().get('/v1/matters'), { fine: true })
    assert.equal(asked.length, 3)
  })

  it('never repeats a change without a key by itself', async () => {
    answers = () => 'no network'
    await assert.rejects(open().patch('/v1/me', { name: '李' }), { code: 'offline' })
    assert.equal(asked.length, 1)
  })

  it('gives up after three and says so', async () => {
    answers = () => json(503, { code: 'unavailable' })
    await assert.rejects(open().get('/v1/matters'), { code: 'unavailable' })
    assert.equal(asked.length, 3)
  })
})

describe('idempotency keys', () => {
  const key = (n) => asked[n].headers['Idempotency-Key']

  it('stay the same until an answer has come, over reloads too', async () => {
    answers = () => 'no network'
    await assert.rejects(open().post('/v1/drafts', { matter: 'a' }, { once: 'draft' }))
    answers = () => json(201, { id: 'd' })
    await open().post('/v1/drafts', { matter: 'a' }, { once: 'draft' })
    await open().post('/v1/drafts', { matter: 'a' }, { once: 'draft' })
    assert.equal(new Set([0, 1, 2, 3].map(key)).size, 1)
    assert.notEqual(key(4), key(3))
  })

  it('differ when something else is asked for', async () => {
    answers = () => 'no network'
    await assert.rejects(open().post('/v1/drafts', { matter: 'a' }, { once: 'draft' }))
    await assert.rejects(open().post('/v1/drafts', { matter: 'b' }, { once: 'draft' }))
    assert.notEqual(key(0), key(3))
  })

  it('are spent by a refusal, not by a conflict that will pass', async () => {
    answers = (url, headers, turn) => json(turn === 1 ? 409 : 422, { code: 'x' })
    for (let turn = 0; turn < 3; turn += 1) await assert.rejects(open().post('/v1/drafts', {}, { once: 'draft' }))
    assert.equal(key(0), key(1))
    assert.notEqual(key(1), key(2))
  })
})

describe('tokens', () => {
  const renewing = (url, headers) => {
    if (url.endsWith('/refresh')) return json(201, { token: 'new', refresh_token: 'r2', expires_in: 900 })
    return headers.Authorization === 'Bearer new' ? json(200, { fine: true }) : json(401, { code: 'token_bad' })
  }

  it('are renewed once, however many requests need it', async () => {
    const api = open()
    api.keep(SESSION)
    answers = renewing
    const got = await Promise.all([api.get('/v1/me'), api.get('/v1/cases'), api.get('/v1/notices')])
    assert.deepEqual(got, [{ fine: true }, { fine: true }, { fine: true }])
    assert.equal(asked.filter(({ url }) => url.endsWith('/refresh')).length, 1)
  })

  it('are renewed ahead of their end', async () => {
    const api = open()
    api.keep({ ...SESSION, expires_in: 10 })
    answers = renewing
    await api.get('/v1/me')
    assert.deepEqual(
      asked.map(({ url }) => url),
      ['/v1/sessions/refresh', '/v1/me'],
    )
  })

  it('renewed by another tab are taken over instead of spent again', async () => {
    const api = open()
    api.keep(SESSION)
    answers = (url, headers) => {
      if (headers.Authorization === 'Bearer old') {
        open().keep({ token: 'new', refresh_token: 'r2', expires_in: 900 })
        return json(401, { code: 'token_bad' })
      }
      return renewing(url, headers)
    }
    assert.deepEqual(await api.get('/v1/me'), { fine: true })
    assert.equal(asked.filter(({ url }) => url.endsWith('/refresh')).length, 0)
  })

  it('are forgotten when they cannot be renewed', async () => {
    const api = open()
    api.keep(SESSION)
    answers = () => json(401, { code: 'token_bad' })
    await assert.rejects(api.get('/v1/me'), { status: 401 })
    assert.deepEqual([api.signedIn(), out], [false, 1])
  })

  it('are kept while the network is away', async () => {
    const api = open()
    api.keep({ ...SESSION, expires_in: 10 })
    answers = () => 'no network'
    await assert.rejects(api.get('/v1/me'), { code: 'offline' })
    assert.deepEqual([api.signedIn(), out], [true, 0])
  })
})

describe('small things', () => {
  it('names the version it knows', async () => {
    await open().patch('/v1/drafts/d', {}, { version: 3 })
    assert.equal(asked[0].headers['If-Match'], '"3"')
  })

  it('leaves empty questions out', () => {
    assert.equal(queryString({ a: 1, b: null, c: '', d: 0 }), '?a=1&d=0')
    assert.equal(queryString({}), '')
  })

  it('makes UUIDs of version 4', () => {
    assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

describe('acts of a person', () => {
  it('are said once with the next request, and never with a refresh or by a stranger', async () => {
    let there = true
    const isPerson = () => {
      const was = there
      there = false
      return was
    }
    const api = open({ isPerson })
    await api.get('/v1/matters')
    api.keep(SESSION)
    await api.get('/v1/me')
    await api.get('/v1/me')
    there = true
    await api.get('/v1/me')
    assert.deepEqual(
      asked.map(({ headers }) => headers['X-Person-Act']),
      [undefined, '1', undefined, '1'],
    )
  })

  it('a request that is sent again after a refresh still says it', async () => {
    const isPerson = () => true
    const api = open({ isPerson })
    api.keep(SESSION)
    answers = (url, headers) => {
      if (url === '/v1/sessions/refresh') return json(201, { ...SESSION, token: 'new' })
      return headers.Authorization === 'Bearer new' ? json(200, {}) : json(401, { code: 'token_bad' })
    }
    await api.get('/v1/me')
    assert.deepEqual(
      asked.map(({ url, headers }) => [url, headers['X-Person-Act']]),
      [
        ['/v1/me', '1'],
        ['/v1/sessions/refresh', undefined],
        ['/v1/me', '1'],
      ],
    )
  })
})

describe('a fresh proof', () => {
  const needed = () => json(403, { code: 'fresh_proof_needed', detail: '请再确认。' })

  it('is asked for, and the request goes out once more under the same key', async () => {
    let proofs = 0
    const prove = async () => {
      proofs += 1
      return true
    }
    const api = open({ prove })
    api.keep(SESSION)
    answers = (url, headers, nth) => (nth === 1 ? needed() : json(201, { id: 'm' }))
    assert.deepEqual(await api.post('/v1/mandates', { kind: 'agent' }, { once: 'mandate' }), { id: 'm' })
    assert.equal(proofs, 1)
    assert.equal(asked[0].headers['Idempotency-Key'], asked[1].headers['Idempotency-Key'])
  })

  it('that is not given leaves the refusal, and so does a server that is never content', async () => {
    for (const proved of [false, true]) {
      asked = []
      const api = open({ prove: async () => proved })
      api.keep(SESSION)
      answers = needed
      await assert.rejects(api.remove('/v1/me'), { code: 'fresh_proof_needed' })
      assert.equal(asked.length, proved ? 2 : 1)
    }
  })

  it('that is wrong is tried once: only a bad token is renewed', async () => {
    const api = open()
    api.keep(SESSION)
    answers = () => json(401, { code: 'password_wrong' })
    await assert.rejects(api.post('/v1/me/proof', { password: 'x' }), { code: 'password_wrong' })
    assert.deepEqual(
      asked.map(({ url }) => url),
      ['/v1/me/proof'],
    )
    assert.equal(out, 0)
  })
})
