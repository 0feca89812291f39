/** A citizen's draft: as shared/draft.js, with the citizen's own session. */
import { useDraft as useDraftOf } from '../shared/draft.js'
import { api } from './state.js'

export { papersOf } from '../shared/draft.js'

/**
 * Go on with one's open draft for a matter, or begin one, which knows the talk it was begun in.
 * @returns {Promise<object>}
 */
export async function beginDraft(matter, talk) {
  const { items } = await api.get('/v1/drafts')
  const begun = items.find((draft) => draft.matter.code === matter && !draft.case && !draft.for)
  return begun ?? api.post('/v1/drafts', { matter, talk }, { once: `draft:${matter}:${talk}` })
}

/** @param {string} id */
export const useDraft = (id) => useDraftOf(api, id)
