/** What the QR code of a printed guide says: the answers it was printed for. */

/** `by:agent,way:window` → {by: 'agent', way: 'window'}; nothing else comes through. @param {unknown} text */
export function answersIn(text) {
  const pairs = String(text ?? '')
    .split(',')
    .map((pair) => pair.split(':'))
  return Object.fromEntries(
    pairs.filter((pair) => pair.length === 2 && pair.every((word) => /^[a-z_]{1,30}$/.test(word))),
  )
}

/**
 * Take the printed answers as one's own, where the address names any.
 * @param {{answers: Record<string, string>}} mine
 * @param {unknown} text
 */
export function takePrinted(mine, text) {
  const answers = answersIn(text)
  if (Object.keys(answers).length) mine.answers = answers
}
