import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leftOf, mergedList, rebased } from '../src/shared/merge.js'

const ROW = (name) => ({ name })

for (const [name, base, mine, theirs, merged] of [
  ['one added here, one added there', ['a'], ['a', 'b'], ['a', 'c'], ['a', 'b', 'c']],
  ['one taken away here, one added there', ['a', 'b'], ['a'], ['a', 'b', 'c'], ['a', 'c']],
  ['one taken away there stays away', ['a', 'b'], ['a', 'b', 'c'], ['b'], ['b', 'c']],
  ['the same added in both is there once', [], ['a'], ['a'], ['a']],
  ['nothing changed there', ['a'], ['b'], ['a'], ['b']],
  ['all taken away in both', ['a'], [], [], []],
]) {
  test(`lists: ${name}`, () => assert.deepEqual(mergedList(base, mine, theirs), merged))
}

test('rows: one changed here and another changed there are both kept', () => {
  const base = [ROW('a'), ROW('b')]
  assert.deepEqual(mergedList(base, [ROW('A'), ROW('b')], [ROW('a'), ROW('B')]), [ROW('A'), ROW('B')])
})

test('a change of one material leaves alone what another tab bound, also to the same material', () => {
  const base = { materials: { m1: ['u1'] }, answers: {}, situation: {} }
  const theirs = { materials: { m1: ['u1', 'u2'], m2: ['u3'] }, answers: {}, situation: {} }
  assert.deepEqual(rebased({ materials: { m1: ['u1', 'u4'] } }, base, theirs), {
    materials: { m1: ['u1', 'u4', 'u2'] },
  })
})

test('answers of one field are sent as they are, groups of rows are merged', () => {
  const base = { materials: {}, answers: { shop: 'old', staff: [ROW('a')] }, situation: {} }
  const theirs = { materials: {}, answers: { shop: 'there', staff: [ROW('a'), ROW('c')] }, situation: {} }
  assert.deepEqual(rebased({ answers: { shop: 'here', staff: [ROW('a'), ROW('b')] } }, base, theirs), {
    answers: { shop: 'here', staff: [ROW('a'), ROW('b'), ROW('c')] },
  })
})

for (const [name, lost, later, held, left] of [
  ['the same field again', { answers: { a: '1' } }, { answers: { a: '2' } }, {}, null],
  ['another field', { answers: { a: '1' } }, { answers: { b: '2' } }, {}, { answers: { a: '1' } }],
  ['more fields', { answers: { a: '1' } }, { answers: { a: '2', b: '2' } }, {}, null],
  ['fewer fields', { answers: { a: '1', b: '1' } }, { answers: { a: '2' } }, {}, { answers: { b: '1' } }],
  ['the rest is there', { answers: { a: '1', b: '1' } }, { answers: { a: '2' } }, { answers: { b: '1' } }, null],
  ['the delivery again', { delivery: { way: 'courier' } }, { delivery: { way: 'pickup' } }, {}, null],
  ['a material is no answer', { answers: { a: '1' } }, { materials: { m1: [] } }, {}, { answers: { a: '1' } }],
  ['only a situation replaces one', { situation: {} }, {}, {}, { situation: {} }],
]) {
  test(`what is left of what was lost: ${name}`, () => assert.deepEqual(leftOf(lost, later, held), left))
}

test('a situation: what was withdrawn here goes, what was given elsewhere stays', () => {
  const base = { materials: {}, answers: {}, situation: { a: '1', b: '1' } }
  const theirs = { materials: {}, answers: {}, situation: { a: '1', b: '1', c: '1' } }
  assert.deepEqual(rebased({ situation: { b: '2' } }, base, theirs), { situation: { b: '2', c: '1' } })
})
