/**
 * Speaking with the server: one function that carries the token, renews it, and turns every refusal into a `Refusal`.
 *
 * Pure of Vue and of the document, so that `node --test` can drive it with a fake `fetch` and a Map for storage.
 */

import { isObject, parsed } from './storage.js'

const RETRY_AFTER_MS = [400, 1500]
const WORTH_RETRYING = new Set([502, 503, 504])

/** A refusal of the server (RFC 9457), or `offline` when nothing answered at all. */
export class Refusal extends Error {
  /**
   * @param {{code: string, status: number, title?: string, detail?: string, errors?: Record<string, string[]>,
   *   retryAfter?: number|null, requestId?: string}} what
   */
  constructor(what) {
    super(what.detail || what.title || what.code)
    this.name = 'Refusal'
    Object.assign(this, { errors: {}, retryAfter: null, ...what })
  }

  /** Whether nobody knows if the request arrived: the same request, with the same key, may be sent again. */
  get unanswered() {
    return this.status === 0 || this.status >= 500
  }
}

/** @param {Response} response @returns {Promise<Refusal>} */
async function refusalOf(response) {
  const problem = await response.json().catch(() => ({}))
  const after = Number(response.headers.get('Retry-After'))
  return new Refusal({
    code: problem.code ?? `http_${response.status}`,
    status: response.status,
    title: problem.title,
    detail: problem.detail,
    errors: problem.errors ?? {},
    requestId: problem.request_id,
    retryAfter: Number.isFinite(after) && after > 0 ? after : null,
  })
}

/** A UUID that also works where the page is not served over https (no `crypto.randomUUID` there). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** A short fingerprint of a body (FNV-1a, two lanes): tells bodies apart without keeping what they say. */
function fingerprint(text) {
  let [low, high] = [0x811c9dc5, 0x01000193]
  for (let at = 0; at < text.length; at += 1) {
    low = Math.imul(low ^ text.charCodeAt(at), 0x01000193)
    high = Math.imul(high ^ text.charCodeAt(at), 0x85ebca6b)
  }
  return (low >>> 0).toString(36) + (high >>> 0).toString(36)
}

/**
 * Idempotency keys: the same act with the same body keeps its key until an answer has come, over reloads too.
 * @param {Storage} storage
 */
export function createKeys(storage) {
  const place = (act, body) => `circle.key.${act}.${fingerprint(JSON.stringify(body ?? null))}`
  return {
    take(act, body) {
      const at = place(act, body)
      const key = storage.getItem(at) ?? newId()
      storage.setItem(at, key)
      return key
    },
    done(act, body) {
      storage.removeItem(place(act, body))
    },
  }
}

const isTokens = (value) => isObject(value) && [value.token, value.refresh].every((one) => typeof one === 'string')

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** One at a time among all tabs where the browser can; at least within this page where it cannot. */
function alone(name, act) {
  return globalThis.navigator?.locks ? navigator.locks.request(name, act) : act()
}

/**
 * @param {{
 *   name: string,                    // whose tokens: 'citizen' or 'staff'
 *   storage: Storage,                // tokens, over tabs and reloads
 *   keys: ReturnType<typeof createKeys>,
 *   language: () => string,
 *   fetch?: typeof fetch,
 *   pause?: (ms: number) => Promise<void>,
 *   owner?: () => string|undefined,  // the id of who is here; the tokens of another account, which has logged in since
 *                                    // in another tab, are not taken
 *   onSignedOut?: () => void,        // the refresh token is spent, too
 *   onRenewed?: (token: string) => void,
 *   isPerson?: () => boolean,        // whether a person did something since this was last asked: said to the server,
 *                                    // which logs staff out where nobody is
 *   prove?: () => Promise<boolean>,  // have the person prove who they are, where the server asks for it
 * }} parts
 */
export function createApi({
  name,
  storage,
  keys,
  language,
  fetch = globalThis.fetch.bind(globalThis),
  pause = wait,
  owner = () => undefined,
  onSignedOut = () => {},
  onRenewed = () => {},
  isPerson = () => false,
  prove = async () => false,
}) {
  const place = `circle.tokens.${name}`
  let renewing = null

  const anyTokens = () => parsed(storage, place, isTokens)

  /** Whose tokens are kept: the id of the account; undefined where none are, or an earlier release kept them. */
  const person = () => anyTokens()?.person

  const tokens = () => ([person(), owner()].includes(undefined) || person() === owner() ? anyTokens() : null)

  function keep(session, whose = (session.citizen ?? session.staff)?.id) {
    const until = Date.now() + (session.expires_in - 30) * 1000
    const kept = { token: session.token, refresh: session.refresh_token, until, person: whose }
    storage.setItem(place, JSON.stringify(kept))
  }

  function forget() {
    if (tokens()) storage.removeItem(place)
  }

  /** Change the refresh token for new ones, once however many requests ask; another tab may have done it already. */
  function renew(spent) {
    renewing ??= alone(`circle-renew-${name}`, async () => {
      const kept = tokens()
      if (!kept || kept.token !== spent) return
      const answer = await send('POST', '/v1/sessions/refresh', { body: { refresh_token: kept.refresh } })
      const session = answer.ok && (await answer.json())
      if (tokens()?.token !== spent) return // somebody has logged in or out meanwhile
      if (answer.ok) {
        keep(session, kept.person ?? owner())
        onRenewed(session.token)
      } else if (answer.status < 500 && answer.status !== 429) {
        forget()
        onSignedOut()
      } else {
        throw await refusalOf(answer)
      }
    }).finally(() => {
      renewing = null
    })
    return renewing
  }

  /** A token that is still good for a while, or null when nobody is signed in. */
  async function token() {
    const kept = tokens()
    if (kept && kept.until < Date.now()) await renew(kept.token)
    return tokens()?.token ?? null
  }

  async function send(method, url, { body, headers = {}, bearer, signal }) {
    const all = { Accept: 'application/json', 'Accept-Language': language(), ...headers }
    if (bearer) all.Authorization = `Bearer ${bearer}`
    if (bearer && isPerson()) all['X-Person-Act'] = '1'
    if (body !== undefined) all['Content-Type'] = 'application/json'
    try {
      return await fetch(url, {
        method,
        headers: all,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      })
    } catch (error) {
      if (error?.name === 'AbortError') throw error
      throw new Refusal({ code: 'offline', status: 0 })
    }
  }

  /** Send again what may safely be sent again: reads, and creations under a key. */
  async function insist(method, url, options) {
    const safe = method === 'GET' || 'Idempotency-Key' in (options.headers ?? {})
    for (const ms of safe ? RETRY_AFTER_MS : []) {
      try {
        const response = await send(method, url, options)
        if (!WORTH_RETRYING.has(response.status)) return response
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
      }
      await pause(ms)
    }
    return send(method, url, options)
  }

  /**
   * @param {string} method @param {string} path
   * @param {{body?: object, query?: object, version?: number, once?: string, signal?: AbortSignal, anonymous?: boolean,
   *   blob?: boolean}} [options] `version` becomes If-Match; `once` names a creating act and brings an Idempotency-Key
   *   that stays the same until it is answered
   * @returns {Promise<any>} the JSON answer, or null where there is none
   * @throws {Refusal}
   */
  async function call(method, path, { body, query, version, once, signal, anonymous, blob } = {}) {
    const url = path + queryString(query)
    const headers = {}
    if (version !== undefined) headers['If-Match'] = `"${version}"`
    if (once) headers['Idempotency-Key'] = keys.take(once, body)
    const bearer = anonymous ? null : await token()
    const attempt = async (held) => {
      const response = await insist(method, url, { body, headers, bearer: held, signal })
      return { response, refusal: response.ok ? null : await refusalOf(response) }
    }
    let { response, refusal } = await attempt(bearer)
    if (bearer && refusal?.code === 'token_bad') {
      await renew(bearer)
      const fresh = tokens()?.token
      if (fresh) ({ response, refusal } = await attempt(fresh))
    }
    if (bearer && refusal?.code === 'fresh_proof_needed' && (await prove()))
      ({ response, refusal } = await attempt(await token()))
    const settled = response.ok || !(refusal.unanswered || refusal.status === 409 || refusal.status === 429)
    if (once && settled) keys.done(once, body)
    if (refusal) throw refusal
    if (blob) return response.blob()
    return response.status === 204 ? null : response.json().catch(() => null)
  }

  return {
    call,
    get: (path, query, options) => call('GET', path, { query, ...options }),
    blob: (path) => call('GET', path, { blob: true }),
    post: (path, body, options) => call('POST', path, { body, ...options }),
    patch: (path, body, options) => call('PATCH', path, { body, ...options }),
    remove: (path, options) => call('DELETE', path, options),
    token,
    person,
    keep,
    forget,
    signedIn: () => tokens() !== null,
  }
}

/** `{a: 1, b: null}` → `?a=1`; a value that is null, undefined or empty is left out. */
export function queryString(query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return said.length ? `?${new URLSearchParams(said)}` : ''
}
