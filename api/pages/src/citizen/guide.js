/**
 * What somebody answered about their situation and has ticked off, by matter: kept until the tab is closed or one logs
 * out, since others may use this phone.
 */
import { reactive, watch } from 'vue'
import { isObject, parsed, visit } from '../shared/storage.js'

export { answersOf } from '../shared/form.js'

const isSituation = (value) => isObject(value) && isObject(value.answers) && isObject(value.ticked)

/** @param {string} code @returns {{answers: Record<string, string>, ticked: Record<string, boolean>}} */
export function useSituation(code) {
  const place = `circle.guide.${code}`
  const kept = reactive({ answers: {}, ticked: {}, ...parsed(visit, place, isSituation) })
  watch(kept, () => visit.setItem(place, JSON.stringify(kept)))
  return kept
}
