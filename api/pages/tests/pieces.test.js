/** Long texts are parted, never cut. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lengthOf, piecesOf } from '../src/shared/pieces.js'

describe('pieces of a long text', () => {
  it('leaves what is short enough as it is', () => {
    assert.deepEqual(piecesOf('  在吗？ '), ['在吗？'])
    assert.deepEqual(piecesOf('字'.repeat(2_000)), ['字'.repeat(2_000)])
    assert.deepEqual(piecesOf(' \n '), [])
  })

  it('loses nothing of 2,600 characters', () => {
    const text = '字'.repeat(2_600)
    const pieces = piecesOf(text)
    assert.deepEqual(pieces.map(lengthOf), [2_000, 600])
    assert.equal(pieces.join(''), text)
  })

  it('parts after a paragraph before a sentence, and after a sentence before a clause', () => {
    const half = '字'.repeat(6)
    assert.deepEqual(piecesOf(`${half}。字字\n\n${half}`, 12), [`${half}。字字`, half])
    assert.deepEqual(piecesOf(`${half}。字，字字${half}`, 12), [`${half}。`, `字，字字${half}`])
    assert.deepEqual(piecesOf(`${half}，字字字${half}`, 10), [`${half}，`, `字字字${half}`])
  })

  it('counts and keeps characters beyond the first plane whole', () => {
    const text = '𠮷😀'.repeat(3_000)
    assert.equal(lengthOf(text), 6_000)
    const pieces = piecesOf(text)
    assert.deepEqual(pieces.map(lengthOf), [2_000, 2_000, 2_000])
    assert.equal(pieces.join(''), text)
    assert.ok(pieces.every((piece) => piece.isWellFormed?.() ?? true))
  })

  it('goes on whatever stands in it', () => {
    for (const text of ['，'.repeat(5_000), `\n${'a '.repeat(4_000)}`, `${'x'.repeat(1_999)}\n${'y'.repeat(2_000)}`]) {
      const pieces = piecesOf(text)
      assert.ok(pieces.every((piece) => lengthOf(piece) <= 2_000))
      assert.equal(pieces.join('').replace(/\s/g, ''), text.replace(/\s/g, ''))
    }
  })
})
