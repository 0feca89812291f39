/** Searching matters as one types, in everyday words. */
import { ref } from 'vue'
import { debounce } from '../shared/loading.js'
import { api } from './state.js'

const TYPING_MS = 180

/**
 * @param {number} limit how many matters at the most
 * @returns {{typed, found, error, lookUp: () => void}} `found` is the answer to what was typed last, or null
 */
export function useMatterSearch(limit) {
  const typed = ref('')
  const found = ref(null)
  const error = ref(null)
  let asking = null
  let turn = 0

  const lookUp = debounce(async () => {
    asking?.abort()
    const mine = (turn += 1)
    const q = typed.value.trim()
    if (!q) return
    asking = globalThis.AbortController ? new AbortController() : null // Chrome 64 has none
    try {
      const answer = await api.get('/v1/matters/search', { q, limit }, { signal: asking?.signal })
      if (mine !== turn) return
      found.value = answer
      error.value = null
    } catch (trouble) {
      if (mine === turn && trouble.name !== 'AbortError') error.value = trouble
    }
  }, TYPING_MS)

  return { typed, found, error, lookUp }
}
