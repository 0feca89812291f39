/**
 * What was typed and not sent yet, kept on this device for a day and sealed to one account (AES-256-GCM): the key comes
 * from `GET /v1/me/typed-keys`, which answers to a log-in of that account alone, and is never kept. Where a browser has
 * no WebCrypto (it is there over https and on localhost), nothing is kept.
 *
 * Pure of Vue and of the document.
 */
import { isObject, keysOf, parsed } from './storage.js'

const PREFIX = 'circle.typed.'
const DAY_MS = 86_400_000
/** A key is asked for anew after this long, so that the day it is of is still given when one comes back. */
const KEY_MS = 6 * 3_600_000
/** Where none came, it is asked for again after this long. */
const RETRY_MS = 15_000
const IV_BYTES = 12

const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
const textOf = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))

const isEntry = (value) => isObject(value) && ['day', 'iv', 'box'].every((key) => typeof value[key] === 'string')

/** Take away what is older than a day, whoever wrote it. @param {Storage} storage */
export function sweepTyped(storage, now = Date.now()) {
  for (const key of keysOf(storage, PREFIX)) {
    const entry = parsed(storage, key, isEntry)
    if (entry && !(Math.abs(now - entry.at) < DAY_MS)) storage.removeItem(key)
  }
}

/**
 * @param {{storage: Storage, api: {get: Function}, owner: string, now?: () => number, subtle?: SubtleCrypto}} parts
 *   `owner` is the id of the account
 */
export function createSealed({ storage, api, owner, now = Date.now, subtle = globalThis.crypto?.subtle }) {
  const prefix = `${PREFIX}${owner}.`
  let keys = null
  let askAt = -Infinity
  let asking = null
  let ended = false

  async function fetchKeys() {
    const answer = await api.get('/v1/me/typed-keys')
    if (answer.owner !== owner) throw new Error('another account is logged in')
    const usable = await Promise.all(
      answer.keys.map(async ({ day, key }) => {
        const use = await subtle.importKey('raw', bytesOf(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
        return [day, use]
      }),
    )
    keys = new Map(usable)
  }

  /** The keys by day, the newest first; those of before where there are no new ones by now. */
  async function currentKeys() {
    if (subtle && now() >= askAt) {
      asking ??= fetchKeys()
        .then(
          () => KEY_MS,
          () => RETRY_MS,
        )
        .then((ms) => {
          askAt = now() + ms
          asking = null
        })
      await asking
    }
    return keys
  }

  const bound = (place, iv) => ({ name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(prefix + place) })

  async function seal(place, value) {
    const [newest] = (await currentKeys()) ?? []
    if (!newest) return
    const [day, key] = newest
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const box = await subtle.encrypt(bound(place, iv), key, new TextEncoder().encode(JSON.stringify(value)))
    if (ended) return
    storage.setItem(prefix + place, JSON.stringify({ day, at: now(), iv: textOf(iv), box: textOf(box) }))
  }

  async function open(place) {
    sweepTyped(storage, now())
    const entry = parsed(storage, prefix + place, isEntry)
    if (!entry || ended) return null
    const key = await keyOf(entry.day)
    if (!key) return null // it stays until it is swept: another log-in may have the key
    try {
      const plain = await subtle.decrypt(bound(place, bytesOf(entry.iv)), key, bytesOf(entry.box))
      return JSON.parse(new TextDecoder().decode(plain))
    } catch {
      if (parsed(storage, prefix + place, isEntry)?.iv === entry.iv) storage.removeItem(prefix + place) // spoilt
      return null
    }
  }

  /** The key of a day; another tab may have one of a newer day than this one, which then asks once more. */
  async function keyOf(day) {
    if ((await currentKeys())?.has(day) === false) {
      askAt = -Infinity
      await currentKeys()
    }
    return keys?.get(day)
  }

  // one after the other: what was typed last stays, and what was taken away does not come back
  let turn = Promise.resolve()
  const inTurn = (act) => (turn = turn.then(act).catch(() => null))

  return {
    /** Have the key at hand before the log-in ends. */
    ready: () => inTurn(currentKeys),
    keep: (place, value) => inTurn(() => seal(place, value)),
    read: (place) => inTurn(() => open(place)),
    /** Under which key of the storage a form's words lie. */
    storedAt: (place) => prefix + place,
    drop: (place) => inTurn(() => storage.removeItem(prefix + place)),
    /** Logged out by hand: nothing stays, and nothing comes after. */
    end() {
      ended = true
      keysOf(storage, prefix).forEach((key) => storage.removeItem(key))
    },
  }
}
