/**
 * A list that comes page by page: the first page, more of it on request, and looked at again without losing one's
 * place.
 */
import { ref, shallowRef } from 'vue'

const PAGE = 20
const MOST = 100

/**
 * @param {(query: {cursor?: string, limit: number}) => Promise<{items: object[], next: string|null}>} fetch
 * @returns {{items, next, loading, error, load: () => Promise<void>, more: () => Promise<void>,
 *   again: () => Promise<void>}}
 */
export function usePaged(fetch) {
  const items = shallowRef(null)
  const next = ref(null)
  const error = shallowRef(null)
  const loading = ref(false)
  let turn = 0

  async function take(query, join) {
    const mine = (turn += 1)
    loading.value = true
    error.value = null
    try {
      const page = await fetch(query)
      if (mine !== turn) return
      items.value = join(page.items)
      next.value = page.next ?? null
    } catch (trouble) {
      if (mine === turn) error.value = trouble
    } finally {
      if (mine === turn) loading.value = false
    }
  }

  return {
    items,
    next,
    loading,
    error,
    load() {
      items.value = null
      return take({ limit: PAGE }, (page) => page)
    },
    more: () => take({ cursor: next.value, limit: PAGE }, (page) => [...items.value, ...page]),
    again: () => take({ limit: Math.min(MOST, Math.max(PAGE, items.value?.length ?? 0)) }, (page) => page),
  }
}
