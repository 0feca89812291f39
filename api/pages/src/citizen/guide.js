/** What somebody answered about their situation and has ticked off, kept on this phone by matter. */
import { reactive, watch } from 'vue'

/** @param {string} code @returns {{answers: Record<string, string>, ticked: Record<string, boolean>}} */
export function useSituation(code) {
  const place = `circle.guide.${code}`
  const kept = reactive({ answers: {}, ticked: {}, ...read(place) })
  watch(kept, () => localStorage.setItem(place, JSON.stringify(kept)))
  return kept
}

/** The query of `GET /v1/matters/{code}/guide` for these answers. */
export function answersQuery(answers) {
  const pairs = Object.entries(answers).map(([key, value]) => `${key}:${value}`)
  return pairs.length ? `?answers=${pairs.join(',')}` : ''
}

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? {}
  } catch {
    return {}
  }
}
