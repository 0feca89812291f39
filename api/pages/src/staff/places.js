/** What the pages of the places share: fields of a point, and what was changed of them. */
import { copied } from '../shared/older.js'
import { t } from '../shared/i18n.js'
import { facilityWords, kindWords, partsWords } from '../shared/points.js'

/** Fields that the editor writes, as GET /v1/points/{id} names them. */
export const FIELDS = [
  'kind',
  'name',
  'built',
  'accepts_from',
  'street_code',
  'street_name',
  'community_code',
  'community_name',
  'address',
  'lon',
  'lat',
  'position_basis',
  'position_error_m',
  'confirmed',
  'phone',
  'hours',
  'hours_basis',
  'hours_confirmed',
  'exceptions',
  'overrides',
  'facilities',
  'area_m2',
  'windows',
  'leader',
  'section',
  'source',
]

const EMPTY = {
  kind: 'station',
  name: '',
  built: 'yes',
  accepts_from: '',
  street_code: '',
  street_name: '',
  community_code: '',
  community_name: '',
  address: '',
  lon: null,
  lat: null,
  position_basis: '',
  position_error_m: null,
  confirmed: false,
  phone: '',
  hours: 'Mo-Fr 09:00-12:00,13:00-17:00',
  hours_basis: '',
  hours_confirmed: false,
  exceptions: [],
  overrides: [],
  facilities: [],
  area_m2: null,
  windows: null,
  leader: '',
  section: '',
  source: '',
}

/** A copy to write in. @param {object|null} point */
export const draftOf = (point) => copied(Object.fromEntries(FIELDS.map((key) => [key, point?.[key] ?? EMPTY[key]])))

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** What differs from the point as it was read: only that is sent, so that two people may change different things. */
export function changesOf(draft, point) {
  const before = draftOf(point)
  return Object.fromEntries(FIELDS.filter((key) => !same(draft[key], before[key])).map((key) => [key, draft[key]]))
}

/** What a field is called, as in the editor. */
const LABELS = {
  kind: '种类',
  name: '名称',
  built: '现状',
  street_code: '街道代码',
  street_name: '街道',
  community_code: '社区代码',
  community_name: '社区',
  address: '地址',
  lon: '经度',
  lat: '纬度',
  position_basis: '位置依据',
  position_error_m: '误差（米）',
  confirmed: '位置核实过',
  phone: '电话',
  hours: '每周时间',
  hours_basis: '时间依据',
  exceptions: '某一天不一样',
  overrides: '和同类地点不一样',
  facilities: '设施',
  area_m2: '面积（平方米）',
  windows: '窗口数',
  leader: '负责人',
  section: '科室',
  source: '来源',
  built_as_of: '现状日期',
  accepts_from: '从这天起受理',
}
export const BUILT = { yes: '在用', no: '没有建或已撤', unconfirmed: '没有核实' }

const listed = (items) => items.join('；')
const WORDS = {
  kind: kindWords,
  built: (value) => t(BUILT[value] ?? value),
  confirmed: (value) => t(value ? '是' : '否'),
  facilities: (value) => listed(value.map(facilityWords)),
  exceptions: (value) =>
    listed(value.map((one) => [one.date, one.hours ?? t('休息'), one.reason].filter(Boolean).join(' '))),
  overrides: (value, nameOf) => listed(value.map(({ matter, can }) => `${nameOf(matter)} ${partsWords(can)}`)),
}

/**
 * What one version of a point says otherwise than the one before, in words.
 * @param {(code: string) => string} nameOf the name of a matter
 * @returns {{field: string, words: string, before: string, after: string}[]}
 */
export function differencesOf(before, after, nameOf) {
  const said = (field, value) =>
    value == null || value.length === 0 ? '' : String(WORDS[field]?.(value, nameOf) ?? value)
  return Object.keys(LABELS)
    .filter((field) => !same(before[field], after[field]))
    .map((field) => ({
      field,
      words: LABELS[field],
      before: said(field, before[field]),
      after: said(field, after[field]),
    }))
}

/** What must still be found out about a point. */
export const isUnsure = (point) =>
  !point.confirmed || !point.hours_confirmed || point.built === 'unconfirmed' || point.lon == null
