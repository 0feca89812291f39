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
 * Whether one change of a draft writes everything that another one does, so that the other need not be sent any more.
 * @param {object} wide
 * @param {object} narrow
 */
export const covers = (wide, narrow) =>
  Object.entries(narrow).every(
    ([part, value]) =>
      part in wide &&
      (!['answers', 'materials'].includes(part) || Object.keys(value).every((key) => key in wide[part])),
  )

/** The situation as it is by now, with what was given anew or withdrawn here. */
function situationOf(mine, base, theirs) {
  const given = Object.entries(mine).filter(([key, value]) => base[key] !== value)
  const stays = Object.entries(theirs).filter(([key]) => key in mine || !(key in base))
  return { ...Object.fromEntries(stays), ...Object.fromEntries(given) }
}
