/** What the pages of the places share: fields of a point, and what was changed of them. */

/** Fields that the editor writes, as GET /v1/points/{id} names them. */
export const FIELDS = [
  'kind', 'name', 'built', 'street_code', 'street_name', 'community_code', 'community_name', 'address', 'lon', 'lat', 'position_basis', 'position_error_m',
  'confirmed', 'phone', 'hours', 'hours_basis', 'hours_confirmed', 'exceptions', 'facilities', 'area_m2', 'windows', 'leader', 'section', 'source',
]

const EMPTY = {
  kind: 'station', name: '', built: 'yes', street_code: '', street_name: '', community_code: '', community_name: '', address: '', lon: null, lat: null,
  position_basis: '', position_error_m: null, confirmed: false, phone: '', hours: 'Mo-Fr 09:00-12:00,13:00-17:00', hours_basis: '', hours_confirmed: false,
  exceptions: [], facilities: [], area_m2: null, windows: null, leader: '', section: '', source: '',
}

/** A copy to write in. @param {object|null} point */
export const draftOf = (point) => structuredClone(Object.fromEntries(FIELDS.map((key) => [key, point?.[key] ?? EMPTY[key]])))

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** What differs from the point as it was read: only that is sent, so that two people may change different things. */
export function changesOf(draft, point) {
  const before = draftOf(point)
  return Object.fromEntries(FIELDS.filter((key) => !same(draft[key], before[key])).map((key) => [key, draft[key]]))
}

/** What must still be found out about a point. */
export const isUnsure = (point) => !point.confirmed || !point.hours_confirmed || point.built === 'unconfirmed' || point.lon == null
