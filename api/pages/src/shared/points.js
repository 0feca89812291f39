/**
 * Words about a place: what kind it is, whether it will be open, what it does, what is not certain; and ways to map
 * programs.
 */
import { language, t } from './i18n.js'
import { clockWords, dayWords, momentWords } from './time.js'

const KINDS = { hall: '区政务大厅', centre: '街道便民中心', station: '社区便民站', self_service: '自助服务点' }
const PARTS = { accept: '受理', review: '审核', collect: '领取' }
const FACILITIES = {
  wheelchair: '无障碍通道',
  mother_baby_room: '母婴室',
  reading_glasses: '老花镜',
  volunteer_station: '志愿服务岗',
  elderly_green_lane: '老年人绿色通道',
  disabled_green_lane: '残疾人绿色通道',
  pre_review_area: '预审区',
  negotiation_area: '洽谈区',
  pressure_relief_room: '减压室',
  self_service_machine: '自助终端',
}
export const kindWords = (kind) => t(KINDS[kind] ?? '办事点')
export const partWords = (part) => t(PARTS[part] ?? part)
export const facilityWords = (facility) => t(FACILITIES[facility] ?? facility)
export const PART_KEYS = Object.keys(PARTS)
export const partsWords = (parts) =>
  parts.length ? parts.map(partWords).join(language.value === 'en' ? ', ' : '、') : t('不办')
export const FACILITY_KEYS = Object.keys(FACILITIES)
export const KIND_KEYS = Object.keys(KINDS)

/** What part of the matter is done here. @param {string[]} can @param {boolean} asked whether it is about one matter */
export function canWords(can = [], asked = false) {
  if (!can.length) return ''
  if (asked && can.length === 3) return t('在这里一次办完')
  return t('这里能{parts}', { parts: partsWords(can) })
}

/** '15:04' today, '10 月 9 日 09:00' on another day. */
const shortWords = (when, now = Date.now()) =>
  dayWords(when, now) === dayWords(now, now) ? clockWords(when) : momentWords(when, now)

/**
 * The break after which a place opens again on the same day, as the server says it: '12:00–13:00 午休'; or null.
 * @param {{closes_at: string|null, next_opens_at: string|null}} open
 */
export function pauseWords({ closes_at: closes, next_opens_at: opens }) {
  if (!closes || !opens || dayWords(closes) !== dayWords(opens)) return null
  const [from, to] = [clockWords(closes), clockWords(opens)]
  const isLunch = from >= '11:00' && to <= '15:30'
  return isLunch ? t('{from}–{to} 午休', { from, to }) : t('{from}–{to} 中间休息', { from, to })
}

/** How long it stays open, in words to follow “open”. */
const untilWords = (open) => pauseWords(open) ?? t('{time} 关门', { time: shortWords(open.closes_at) })

/**
 * How it stands on arrival.
 * @param {{on_arrival: boolean|null, closes_at: string|null, next_opens_at: string|null}|null} open
 */
export function openWords(open) {
  if (open?.on_arrival === true)
    return {
      tone: 'good',
      text: open.closes_at ? t('到时开着，{until}', { until: untilWords(open) }) : t('到时开着'),
    }
  if (open?.on_arrival === false)
    return {
      tone: 'bad',
      text: open.next_opens_at ? t('到时关门，{time} 开门', { time: shortWords(open.next_opens_at) }) : t('到时关门'),
    }
  return { tone: '', text: t('开门时间没有确认，先打电话') }
}

/** What is not certain about where a place is, or null. */
export function doubtWords(point) {
  if (point.lon == null) return t('还没有位置')
  if (isRough(point) && point.position_error_m != null)
    return t('位置是大概的，可能差 {n} 米', { n: point.position_error_m })
  return point.confirmed === false ? t('位置还没有核实') : null
}

/** What to do about a doubt: not everywhere is there somebody to call. */
export const askWords = (point) => (point.phone ? t('先打电话') : t('先在网上问窗口'))

/** Whether the server says that a place may lie a street further: it is drawn with its doubt. */
export const isRough = (point) => point.lon != null && Boolean(point.position_rough)

/**
 * Ways there by map programs. `geo:` (RFC 5870) is for the phone's own one and counts in WGS-84; AMap's link takes
 * GCJ-02, Baidu's names its system (https://lbs.amap.com/api/uri-api, https://lbsyun.baidu.com/index.php?title=uri).
 * The server has converted them.
 * @param {{name: string, lon: number, lat: number,
 *   elsewhere: {gcj02: {lon: number, lat: number}, bd09: {lon: number, lat: number}}}} point
 * @returns {{key: string, words: string, href: string}[]}
 */
export function mapLinks(point) {
  const { gcj02, bd09 } = point.elsewhere
  const amap = new URLSearchParams({ to: `${gcj02.lon},${gcj02.lat},${point.name}`, mode: 'walk', callnative: '1' })
  const baidu = new URLSearchParams({
    location: `${bd09.lat},${bd09.lon}`,
    title: point.name,
    content: point.address || point.name,
    coord_type: 'bd09ll',
    output: 'html',
  })
  return [
    {
      key: 'geo',
      words: t('手机自带地图'),
      href: `geo:${point.lat},${point.lon}?q=${point.lat},${point.lon}(${encodeURIComponent(point.name)})`,
    },
    { key: 'amap', words: t('高德地图'), href: `https://uri.amap.com/navigation?${amap}` },
    { key: 'baidu', words: t('百度地图'), href: `https://api.map.baidu.com/marker?${baidu}` },
  ]
}

/**
 * Where one may say to stand, besides a position of one's own: streets, and in each its communities. Places without a
 * position are left out.
 */
export function standsOf(points) {
  const streets = new Map()
  for (const point of points) {
    if (point.lon == null || !point.street_name) continue
    const street = streets.get(point.street_name) ?? { name: point.street_name, at: null, communities: [] }
    if (!street.at || point.kind === 'centre') street.at = { lon: point.lon, lat: point.lat }
    if (point.community_name)
      street.communities.push({
        name: point.community_name.replace(/居委会$/, ''),
        at: { lon: point.lon, lat: point.lat },
      })
    streets.set(point.street_name, street)
  }
  return [...streets.values()]
}

/**
 * Places that cannot be put on a map, by street; those of `first` before the others.
 * @returns {{name: string, points: object[]}[]}
 */
export function unplacedByStreet(points, first = '') {
  const streets = new Map()
  for (const point of points) {
    if (point.lon != null || point.built === 'no') continue
    streets.set(point.street_name, [...(streets.get(point.street_name) ?? []), point])
  }
  return [...streets]
    .map(([name, found]) => ({ name, points: found }))
    .sort((a, b) => (b.name === first) - (a.name === first))
}
