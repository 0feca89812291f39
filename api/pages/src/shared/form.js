/**
 * What of a form is asked, by the description that the server serves and checks answers by:
 * `GET /v1/matters/{code}/form`.
 */

import { written } from './typed.js'

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
    seen[field.key] = values[field.key]
    return true
  })
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
  if (field.kind !== 'group') return Array.isArray(value) ? [...value] : written(value).trim()
  return value.map((row) =>
    Object.fromEntries(Object.entries(tidy(field.fields, row, known)).filter(([, one]) => one.length)),
  )
}

/** Whether there is anything in it. */
export const isEmpty = (value) => !value?.length
