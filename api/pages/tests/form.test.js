/** The page asks what the server asks: the same cases as tests/matters/test_form.py. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { agreeing, asked, blank, isBlank, settled, tidy } from '../src/shared/form.js'

const {
  fields,
  cases,
  blank: blanks,
} = JSON.parse(readFileSync(join(import.meta.dirname, '../../../tests/matters/form_cases.json')))

const paths = (some, values, known, path = '') =>
  asked(some, values, known).flatMap((field) => [
    path + field.key,
    ...(field.kind === 'group' ? (values[field.key] ?? []) : []).flatMap((row, at) =>
      paths(field.fields, row, known, `${path}${field.key}.${at}.`),
    ),
  ])

for (const one of cases) {
  test(`asked of ${JSON.stringify(one.known)} after ${JSON.stringify(one.answers)}`, () => {
    assert.deepEqual(paths(fields, one.answers, one.known), one.asked)
  })
}

test('a text of which nothing is seen is empty', () => {
  for (const [text, empty] of blanks) assert.equal(isBlank(text), empty, JSON.stringify(text))
})

test('a blank form has a place for everything, and what was kept in it', () => {
  const form = [
    { key: 'name', kind: 'text' },
    { key: 'items', kind: 'choices' },
    { key: 'people', kind: 'group', least: '1', fields: [{ key: 'name', kind: 'text' }] },
  ]
  assert.deepEqual(blank(form), { name: '', items: [], people: [{ name: '' }] })
  assert.deepEqual(blank(form, { name: '王', people: [] }), { name: '王', items: [], people: [] })
  assert.deepEqual(tidy(form, { name: ' 王 ', items: ['a'], people: [{ name: ' 张 ' }, { name: '' }] }, {}), {
    name: '王',
    items: ['a'],
    people: [{ name: '张' }, {}],
  })
})

test('what is no longer asked is not sent, in a row neither', () => {
  const form = [
    { key: 'kind', kind: 'choice' },
    { key: 'more', kind: 'text', when: { kind: ['b'] } },
    {
      key: 'rows',
      kind: 'group',
      fields: [
        { key: 'post', kind: 'choice' },
        { key: 'until', kind: 'date', when: { post: ['cook'] } },
      ],
    },
  ]
  const values = { kind: 'a', more: 'wrong', rows: [{ post: 'other', until: 'wrong' }] }
  assert.deepEqual(tidy(form, values, {}), { kind: 'a', rows: [{ post: 'other' }] })
})

test('what the situation has settled is the answer, unless another was given', () => {
  const options = ['own', 'none', 'once'].map((value) => ({ value }))
  const dishes = {
    key: 'dishes',
    kind: 'choice',
    options,
    follows: { at_home: { yes: ['own'], no: ['none', 'once'] } },
  }
  const supplier = { key: 'supplier', kind: 'text', options: [], when: { dishes: ['own'] } }
  assert.deepEqual([settled(dishes, { at_home: 'yes' }), settled(dishes, { at_home: 'no' })], ['own', undefined])
  assert.deepEqual([agreeing(dishes, { at_home: 'no' }), agreeing(dishes, {})], [['none', 'once'], null])
  const keys = (values, known) => asked([dishes, supplier], values, known).map(({ key }) => key)
  assert.deepEqual(keys({ dishes: '' }, { at_home: 'yes' }), ['dishes', 'supplier'])
  assert.deepEqual(keys({ dishes: 'once' }, { at_home: 'yes' }), ['dishes'])
})
