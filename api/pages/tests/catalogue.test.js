/** The console's data of a version: which line of a text is meant, and what differs between two. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { lineOf, ownLines, parsed, placeOf } from '../src/staff/catalogue.js'

const DATA = {
  source: 'x',
  rules: [
    { when: { a: 'b' }, note: { zh: '一', en: 'one' } },
    { when: {}, bring: [{ key: 'k' }] },
  ],
}
const TEXT = JSON.stringify(DATA, null, 1)
const lineAt = (place) => TEXT.split('\n')[lineOf(TEXT, place) - 1].trim()

test('a place is found in the text, line by line', () => {
  assert.equal(lineAt('rules'), '"rules": [')
  assert.equal(lineAt('rules.0.note.en'), '"en": "one"')
  assert.equal(lineAt('rules.1.bring.0.key'), '"key": "k"')
})

test('of a place that is not there the nearest line around it is meant', () => {
  assert.equal(lineAt('rules.0.note.basis'), '"note": {')
  assert.equal(lineOf(TEXT, 'colour'), 1)
})

test('a check of the list names its place', () => {
  assert.equal(placeOf('Situations rules.3.when: kind is not a question of this matter'), 'rules.3.when')
  assert.equal(placeOf('Situations: sound in every case'), '')
})

test('a text that is no JSON says in which line, an empty one says nothing', () => {
  assert.deepEqual(parsed(' '), { value: null })
  assert.equal(parsed('{\n "a": 1,\n "b" 2\n}').line, 3)
  assert.deepEqual(parsed('{"a": 1}').value, { a: 1 })
})

test('of two the lines that the other has not are shown', () => {
  assert.equal(ownLines({ a: 1, b: 2 }, { a: 1, b: 3 }), '"b": 2')
  assert.equal(ownLines(null, { a: 1 }), '—')
})
