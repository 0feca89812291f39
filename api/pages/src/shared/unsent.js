/** Words of a form that are put back where a log-in ended, or a page was left, before they were sent. */
import { onBeforeUnmount, onMounted, ref, watch } from 'vue'

const KEEP_MS = 400

/**
 * @param {ReturnType<import('./session.js').createSession>} session
 * @param {string} place which form, of which thing
 * @param {{words: () => any, put: (words: any) => unknown, ready?: () => boolean, isSaved?: boolean}} form
 *   `words` gives what is worth keeping as plain data, null where there is nothing; `put` takes it back, false where it
 *   no longer fits; `ready` says when it can; `isSaved` where it is then saved at once: there is nothing to refuse
 * @returns {{back: import('vue').Ref<boolean>, refuse: (clear: () => void) => void, sent: () => void}} `back` while
 *   words that were put back stand in the form; `sent` once they need not be kept any more
 */
export function useUnsent(session, place, { words, put, ready = () => true, isSaved = false }) {
  const back = ref(false)
  const sealed = session.sealed()
  let kept = JSON.stringify(words())
  let timer = 0
  let isOver = false
  let isGone = false

  function keep() {
    clearTimeout(timer)
    timer = 0
    const value = isOver ? null : words()
    const text = JSON.stringify(value)
    if (text === kept) return
    kept = text
    if (value === null) {
      back.value &&= isSaved
      sealed?.drop(place)
    } else sealed?.keep(place, value)
  }

  async function restore() {
    const found = await sealed?.read(place)
    // who wrote something meanwhile is not overwritten
    if (found == null || isOver || isGone || words() !== null) return
    back.value = put(found) !== false
    kept = null
    timer ||= setTimeout(keep, KEEP_MS)
  }

  watch(
    () => JSON.stringify(words()),
    () => {
      timer ||= setTimeout(keep, KEEP_MS)
    },
  )
  const stop = watch(
    ready,
    (now) => {
      if (!now) return
      restore()
      Promise.resolve().then(() => stop())
    },
    { immediate: true },
  )

  /** What was put back here has been sent, saved or refused in another tab: it is not kept once more. */
  function settledElsewhere({ key, newValue }) {
    if (newValue !== null || key !== sealed?.storedAt(place) || !back.value) return
    back.value = false
    clearTimeout(timer)
    timer = 0
    kept = JSON.stringify(words())
  }

  const leave = () => document.visibilityState === 'hidden' && keep()
  onMounted(() => {
    sealed?.ready()
    document.addEventListener('visibilitychange', leave)
    window.addEventListener('storage', settledElsewhere)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', leave)
    window.removeEventListener('storage', settledElsewhere)
    keep()
    isGone = true
  })

  return {
    back,
    refuse(clear) {
      clear()
      keep()
      back.value = false
    },
    sent() {
      isOver = true
      back.value = false
      clearTimeout(timer)
      sealed?.drop(place)
    },
  }
}
