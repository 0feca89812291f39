/** What is typed is read by the page as by the server: the rows of tests/identity/test_typed.py. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { digits, documentNumber, looksMobile, mobile, oneLine, written } from '../src/shared/typed.js'

const rows = JSON.parse(readFileSync(join(import.meta.dirname, '../../../tests/data/typed_cases.json')))
const readers = { written, one_line: oneLine, digits, mobile, document: documentNumber }

for (const [kind, read] of Object.entries(readers))
  for (const [typed, meant] of rows[kind])
    test(`${kind}: ${JSON.stringify(typed)}`, () => assert.equal(read(typed), meant))

test('what is no mobile number does not look like one', () => {
  assert.deepEqual(rows.no_mobile.filter(looksMobile), [])
  assert.ok(rows.mobile.every(([typed]) => looksMobile(typed)))
})
