/** Long texts: their length as the server counts it, and the pieces in which they are sent. Pure of Vue. */

/** The most characters of one message, and the most messages that one text becomes. */
export const MOST_TEXT = 2_000
export const MOST_PIECES = 10

/** Characters, not the UTF-16 units of `length`: 𠮷 and an emoji count as one. */
export const lengthOf = (text) => Array.from(text).length

/** Whether a text is best parted behind a place: after a paragraph, else a line, a sentence, a clause, a blank. */
const ENDS = [
  (text, at) => text[at] === '\n' && text[at - 1] === '\n',
  (text, at) => text[at] === '\n',
  (text, at) => '。！？!?'.includes(text[at]),
  (text, at) => '；;，,、'.includes(text[at]),
  (text, at) => /\s/.test(text[at]),
]

/**
 * The text in pieces of at most `most` characters, none of them lost: each ends at the best place in its second half.
 * @returns {string[]} empty when nothing is written
 */
export function piecesOf(text, most = MOST_TEXT) {
  const pieces = []
  let rest = Array.from(text.trim())
  while (rest.length > most) {
    const head = rest.slice(0, most).join('')
    const cut = lengthOf(head.slice(0, endIn(head)))
    pieces.push(rest.slice(0, cut).join('').trim())
    rest = Array.from(rest.slice(cut).join('').trim())
  }
  return [...pieces, rest.join('')].filter(Boolean)
}

/** The index behind the last good end in the second half of a text, else its whole length. */
function endIn(head) {
  for (const isEnd of ENDS) {
    for (let at = head.length - 1; at >= head.length / 2; at -= 1) if (isEnd(head, at)) return at + 1
  }
  return head.length
}
