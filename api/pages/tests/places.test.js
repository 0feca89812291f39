/** What the pages of the places reckon: what was changed, and how two versions of a point differ, in words. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { changesOf, differencesOf, draftOf } from '../src/staff/places.js'

const POINT = {
  ...draftOf(null),
  name: '西一路街道便民服务中心',
  kind: 'centre',
  lon: 108.951,
  lat: 34.2633,
  confirmed: false,
}
const nameOf = (code) => ({ 'XC-1': '食品经营许可' })[code] ?? code
const differences = (change) =>
  differencesOf(POINT, { ...POINT, ...change }, nameOf).map(({ words, before, after }) => [words, before, after])

describe('changes of a point', () => {
  it('are only the fields that were written in', () => {
    const draft = draftOf(POINT)
    draft.phone = '029-1'
    draft.overrides.push({ matter: 'XC-1', can: ['accept'] })
    assert.deepEqual(changesOf(draft, POINT), { phone: '029-1', overrides: [{ matter: 'XC-1', can: ['accept'] }] })
    assert.deepEqual(POINT.overrides, [])
  })
})

describe('two versions of a point', () => {
  it('differ field by field, from what to what', () => {
    assert.deepEqual(differences({ phone: '029-1', confirmed: true, kind: 'hall' }), [
      ['种类', '街道便民中心', '区政务大厅'],
      ['位置核实过', '否', '是'],
      ['电话', '', '029-1'],
    ])
  })

  it('tell lists in words', () => {
    assert.deepEqual(
      differences({
        facilities: ['wheelchair', 'reading_glasses'],
        exceptions: [
          { date: '2026-12-31', hours: null, reason: '盘点' },
          { date: '2027-01-09', hours: '09:00-12:00', reason: '' },
        ],
        overrides: [
          { matter: 'XC-1', can: ['accept', 'collect'] },
          { matter: 'XC-2', can: [] },
        ],
      }),
      [
        ['某一天不一样', '', '2026-12-31 休息 盘点；2027-01-09 09:00-12:00'],
        ['和同类地点不一样', '', '食品经营许可 受理、领取；XC-2 不办'],
        ['设施', '', '无障碍通道；老花镜'],
      ],
    )
  })

  it('are the same where nothing was changed', () => {
    assert.deepEqual(differences({}), [])
  })
})
