/** One's change of a list laid upon what another tab or device has made of it meanwhile. */

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
const has = (list, one) => list.some((other) => same(one, other))

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
    ...(change.situation && { situation: { ...theirs.situation, ...differing(base.situation, change.situation) } }),
  }
}

/** The answers of a situation that were given anew here. */
const differing = (base, mine) => Object.fromEntries(Object.entries(mine).filter(([key, value]) => base[key] !== value))
