/**
 * What people type or paste, as the server reads it (api/texts.py, names_and_numbers.py): blanks, marks and full-width
 * signs are the machine's work, and what nobody sees is nothing. Both are tested by tests/data/typed_cases.json.
 */
const DROPPED = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g
const HOLLOW = [
  [0x00, 0x20, 0x7f, 0xa0, 0xad, 0xad, 0x034f, 0x034f, 0x061c, 0x061c, 0x115f, 0x1160, 0x1680, 0x1680],
  [0x17b4, 0x17b5, 0x180b, 0x180f, 0x2000, 0x200f, 0x2028, 0x202f, 0x205f, 0x206f, 0x2800, 0x2800],
  [0x3000, 0x3000, 0x3164, 0x3164, 0xfe00, 0xfe0f, 0xfeff, 0xfeff, 0xffa0, 0xffa0, 0xfff0, 0xfffb, 0xe0000, 0xe0fff],
].flat()
const MARKS = /[\s\-._·\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Whether a sign shows nothing: it lies between one of the pairs. */
function isHollow(sign) {
  const code = sign.codePointAt(0)
  return HOLLOW.some((first, at) => at % 2 === 0 && code >= first && code <= HOLLOW[at + 1])
}

/** A text without marks of direction; '' where nothing of it can be seen. @param {string} text */
export function written(text) {
  const kept = text.replace(DROPPED, '')
  return [...kept].every(isHollow) ? '' : kept
}

/** As `written`, on one line: blanks are plain, none outside or doubled. @param {string} text */
export const oneLine = (text) => written(text).replace(/\s+/g, ' ').trim()

/** A number or code without blanks and marks, in plain signs. @param {string} text */
export const digits = (text) => text.normalize('NFKC').replace(MARKS, '')

/** A mobile number of the mainland as its 11 digits, or what was typed without blanks. @param {string} text */
export const mobile = (text) =>
  digits(text)
    .replace(/[()]/g, '')
    .replace(/^(?:\+|00)?86(?=1\d{10}$)/, '')

/** Whether it looks like a mobile number of the mainland. @param {string} text */
export const looksMobile = (text) => /^1[3-9]\d{9}$/.test(mobile(text))

/** The number of a document, letters as capitals. @param {string} text */
export const documentNumber = (text) => digits(text).toUpperCase()
