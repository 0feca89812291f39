/**
 * The storage of the device, which may be blocked, full or spoilt: what cannot be kept there lives as long as this
 * page, and `cannotKeep` says so. Nothing else in the pages touches `localStorage` or `sessionStorage`.
 */
import { ref } from 'vue'

/** Whether something could not be kept: a reload would lose it. StorageBar.vue says it. */
export const cannotKeep = ref(false)

/**
 * @param {() => Storage|undefined} open may throw, as browsers do where a person forbids storage
 * @returns a `Storage` that never throws
 */
export function surviving(open) {
  const memory = new Map()

  /** What the real storage answers; `otherwise` where it does not answer. */
  function asked(act, otherwise) {
    try {
      return act(open())
    } catch {
      cannotKeep.value = true
      return otherwise
    }
  }

  function allKeys() {
    const there = asked((real) => Array.from({ length: real.length }, (_, at) => real.key(at)), [])
    return [...new Set([...there, ...memory.keys()])]
  }

  function remove(key) {
    memory.delete(key)
    asked((real) => real.removeItem(key))
  }

  return {
    get length() {
      return allKeys().length
    },
    key: (at) => allKeys()[at] ?? null,
    getItem: (key) => memory.get(key) ?? asked((real) => real.getItem(key), null),
    setItem(key, value) {
      const isKept = asked((real) => real.setItem(key, value) === undefined, false)
      if (!isKept) remove(key) // an older value would come back with a reload
      if (isKept) memory.delete(key)
      else memory.set(key, String(value))
    },
    removeItem: remove,
    clear() {
      memory.clear()
      asked((real) => real.clear())
    },
  }
}

/** Over tabs and visits. */
export const device = surviving(() => globalThis.localStorage)

/** Until the tab is closed. */
export const visit = surviving(() => globalThis.sessionStorage)

/** Every key of a storage that begins so. @param {Storage} storage @param {string} prefix @returns {string[]} */
export const keysOf = (storage, prefix) =>
  Array.from({ length: storage.length }, (_, at) => storage.key(at)).filter((key) => key?.startsWith(prefix))

/**
 * What was kept as JSON; null where there is nothing, or something that is not what was kept, which is then taken away.
 * @param {Storage} storage
 * @param {string} key
 * @param {(value: any) => boolean} fits whether a value has the shape that is relied on
 */
export function parsed(storage, key, fits = isObject) {
  const text = storage.getItem(key)
  if (text === null) return null
  try {
    const value = JSON.parse(text)
    if (fits(value)) return value
  } catch {
    // spoilt: it goes
  }
  storage.removeItem(key)
  return null
}

/** Whether it is an object that is no list. */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
