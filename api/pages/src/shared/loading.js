/** Fetching for a view: what came, whether it is still coming, what went wrong, and a way to try again. */
import { ref, shallowRef } from 'vue'

/**
 * @template T
 * @param {() => Promise<T>} fetch
 * @returns {{data: import('vue').ShallowRef<T|null>, loading: import('vue').Ref<boolean>,
 *   error: import('vue').ShallowRef<unknown>, load: () => Promise<T|null>}}
 */
export function useLoaded(fetch) {
  const data = shallowRef(null)
  const error = shallowRef(null)
  const loading = ref(false)
  let turn = 0

  async function load() {
    const mine = (turn += 1)
    loading.value = true
    error.value = null
    try {
      const got = await fetch()
      if (mine === turn) data.value = got
    } catch (trouble) {
      if (mine === turn) error.value = trouble
    } finally {
      if (mine === turn) loading.value = false
    }
    return data.value
  }

  load()
  return { data, loading, error, load }
}

/** Call once things have been quiet for a while. */
export function debounce(act, ms) {
  let timer = 0
  return (...given) => {
    clearTimeout(timer)
    timer = setTimeout(() => act(...given), ms)
  }
}
