/**
 * What of a form is asked, by the description that the server serves and checks answers by:
 * `GET /v1/matters/{code}/form`.
 */

/** Whether a condition holds: all of its keys were answered, each with one of the values named. */
const holds = (when, answers) =>
  Object.entries(when ?? {}).every(([key, values]) => [answers[key]].flat().some((given) => values.includes(given)))

/**
 * The fields that are asked, in order. Conditions look back: at the situation (`known`), then upwards.
 * @param {object[]} fields @param {object} values what was filled in @param {Record<string, string>} known
 */
export function asked(fields, values, known) {
  const seen = { ...known }
  return fields.filter((field) => {
    if (!holds(field.when, seen)) return false
    const value = values[field.key]
    seen[field.key] = isEmpty(value) ? (settled(field, known) ?? value) : value
    return true
  })
}

/** The options of a field that agree with the situation, of a group the least and most rows; null: any. */
export function agreeing(field, known) {
  const settles = Object.entries(field.follows ?? {}).find(([question, byAnswer]) => known[question] in byAnswer)
  return settles ? settles[1][known[settles[0]]] : null
}

/** The answer to a choice of which the situation leaves one option; undefined where it leaves more. */
export function settled(field, known) {
  const left = agreeing(field, known)
  return field.kind === 'choice' && left?.length === 1 ? left[0] : undefined
}

/** Something for every field to be filled in, so that a page can bind to it; what is kept is taken over. */
export function blank(fields, kept = {}) {
  return Object.fromEntries(fields.map((field) => [field.key, filled(field, kept[field.key])]))
}

function filled(field, kept) {
  if (field.kind === 'group') {
    const rows = kept ?? Array.from({ length: Number(field.least ?? 0) }, () => ({}))
    return rows.map((row) => blank(field.fields, row))
  }
  return field.kind === 'choices' ? [...(kept ?? [])] : (kept ?? '')
}

/** What was filled in as it is sent: what is asked, trimmed, and rows without what is empty. */
export function tidy(fields, values, known) {
  return Object.fromEntries(
    asked(fields, values, known).map((field) => [field.key, tidied(field, values[field.key], known)]),
  )
}

function tidied(field, value, known) {
  if (field.kind !== 'group') return Array.isArray(value) ? [...value] : trimmed(value)
  return value.map((row) =>
    Object.fromEntries(Object.entries(tidy(field.fields, row, known)).filter(([, one]) => one.length)),
  )
}

/** The same as BLANK of api/matters/form.py, line by line. */
const UNSEEN = [
  String.raw`\s\ufeff\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f`,
  String.raw`\u202a-\u202e\u2060-\u206f\u2800\u3164\uffa0\ufff0-\ufffb\ufe00-\ufe0f\u{e0000}-\u{e0fff}`,
  String.raw`\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe20-\ufe2f`,
].join('')
const BLANK = new RegExp(`^[${UNSEEN}]*$`, 'u') // eslint-disable-line no-misleading-character-class -- meant

/** Whether nothing can be seen of a text: blanks, controls and marks alone. */
export const isBlank = (text) => BLANK.test(text)

/** A text without blanks around it; nothing if it is blank. */
export const trimmed = (text) => (isBlank(text) ? '' : text.trim())

/** Whether there is anything in it. */
export const isEmpty = (value) => !value?.length

/** `answers` of `GET /v1/matters/{code}/guide`; nothing where nothing was answered. */
export const answersOf = (answers) =>
  Object.entries(answers)
    .map(([key, value]) => `${key}:${value}`)
    .join(',') || undefined
