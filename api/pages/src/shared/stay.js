/** Whether a person is still where they asked for something: an answer that comes late leads nobody away. */
import { useRoute } from 'vue-router'

/**
 * @returns {() => () => boolean} called when something is asked for; what it gives tells, when the answer is there,
 *   whether the path is still the same
 */
export function useStay() {
  const route = useRoute()
  return () => {
    const asked = route.path
    return () => route.path === asked
  }
}
