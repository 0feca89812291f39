/** Notices count as seen once they were displayed on a page that somebody can see, not when they were fetched. */
import { onBeforeUnmount, watch } from 'vue'

/**
 * Say which notices of one's own are on the screen; again when the page comes back to the front.
 * @param {{post: Function}} api
 * @param {() => {id: string, shown_at: string|null}[]} onScreen
 */
export function useDisplayed(api, onScreen) {
  const sent = new Set()

  function tell() {
    if (document.visibilityState !== 'visible') return
    const fresh = onScreen().filter(({ id, shown_at: before }) => !before && !sent.has(id))
    const ids = fresh.map(({ id }) => id)
    if (!ids.length) return
    ids.forEach((id) => sent.add(id))
    api.post('/v1/notices/shown', { ids }).catch(() => ids.forEach((id) => sent.delete(id)))
  }

  watch(onScreen, tell, { immediate: true, flush: 'post' })
  document.addEventListener('visibilitychange', tell)
  onBeforeUnmount(() => document.removeEventListener('visibilitychange', tell))
}
