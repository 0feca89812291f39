/** What forms of the counter share: one act at a time, and in words what is wrong with it or what it did. */
import { ref } from 'vue'
import { fieldTroubles, troubleWords } from '../shared/trouble.js'

/**
 * @param {() => string} missing the words for a case or an account that is not there
 * @returns {{busy, wrong, done, attempt: (act: () => Promise<void>) => Promise<void>}}
 */
export function useAttempt(missing) {
  const busy = ref(false)
  const wrong = ref('')
  const done = ref('')

  async function attempt(act) {
    busy.value = true
    wrong.value = done.value = ''
    try {
      await act()
    } catch (trouble) {
      wrong.value =
        trouble.status === 404 ? missing() : Object.values(fieldTroubles(trouble)).join(' ') || troubleWords(trouble)
    } finally {
      busy.value = false
    }
  }

  return { busy, wrong, done, attempt }
}
