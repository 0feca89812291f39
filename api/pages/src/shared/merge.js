/** One's change of a list laid upon what another tab or device has made of it meanwhile. */

/** Whether two plain values are alike. */
export const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b)
const has = (list, one) => list.some((other) => isSame(one, other))

/**
 * What was taken away here goes, what was added or changed here comes, all else stays as it is there.
 * @template T
 * @param {T[]} base the list as it was known when the change began
 * @param {T[]} mine the list as it is here
 * @param {T[]} theirs the list as it is on the server by now
 * @returns {T[]}
 */
export function mergedList(base, mine, theirs) {
  const merged = theirs.filter((one) => !has(base, one) || has(mine, one))
  mine.forEach((one, at) => {
    if (!has(base, one) && !has(merged, one)) merged.splice(Math.min(at, merged.length), 0, one)
  })
  return merged
}

/**
 * A change of a draft, with each list in it laid upon the newer one.
 * @param {object} change as PATCH /v1/drafts/{id} takes it
 * @param {object} base the draft as the change knew it
 * @param {object} theirs the draft as it is by now
 */
export function rebased(change, base, theirs) {
  const lists = (part) =>
    Object.fromEntries(
      Object.entries(change[part]).map(([key, mine]) => {
        const [before, now] = [base[part][key], theirs[part][key]]
        return [key, Array.isArray(mine) ? mergedList(before ?? [], mine, now ?? []) : mine]
      }),
    )
  return {
    ...change,
    ...(change.materials && { materials: lists('materials') }),
    ...(change.answers && { answers: lists('answers') }),
    ...(change.situation && { situation: situationOf(change.situation, base.situation, theirs.situation) }),
  }
}

/**
 * What is still to be sent of a change that did not arrive, once a later one was tried: without what that one writes
 * too, and what the draft holds by now. Null if nothing is left.
 * @param {object} lost
 * @param {object} later
 * @param {object} draft
 */
export function leftOf(lost, later, draft) {
  const left = Object.entries(lost)
    .map(([part, value]) => [part, restOf(part, value, later[part], draft[part] ?? {})])
    .filter(([, value]) => value !== undefined)
  return left.length ? Object.fromEntries(left) : null
}

function restOf(part, value, written, held) {
  if (!['answers', 'materials'].includes(part)) return written === undefined ? value : undefined
  const rest = Object.entries(value).filter(([key, one]) => !(key in (written ?? {})) && !isSame(one, held[key]))
  return rest.length ? Object.fromEntries(rest) : undefined
}

/** The situation as it is by now, with what was given anew or withdrawn here. */
function situationOf(mine, base, theirs) {
  const given = Object.entries(mine).filter(([key, value]) => base[key] !== value)
  const stays = Object.entries(theirs).filter(([key]) => key in mine || !(key in base))
  return { ...Object.fromEntries(stays), ...Object.fromEntries(given) }
}
