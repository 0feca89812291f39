/**
 * What people type or paste, as the server reads it (api/identity/names_and_numbers.py): blanks, marks and full-width
 * signs are the machine's work. Both read the rows of tests/identity/typed_cases.json.
 */
const INVISIBLE = /[\s\-._·\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u2010-\u2015\u2212]/gu

/** A number or code without blanks and marks, in plain signs. @param {string} text */
export const digits = (text) => text.normalize('NFKC').replace(INVISIBLE, '')

/** A mobile number of the mainland as its 11 digits, or what was typed without blanks. @param {string} text */
export const mobile = (text) =>
  digits(text)
    .replace(/[()]/g, '')
    .replace(/^(?:\+|00)?86(?=1\d{10}$)/, '')

/** Whether it looks like a mobile number of the mainland. @param {string} text */
export const looksMobile = (text) => /^1[3-9]\d{9}$/.test(mobile(text))

/** The number of a document, letters as capitals. @param {string} text */
export const documentNumber = (text) => digits(text).toUpperCase()
