/** Words about a place: what kind it is, whether it will be open, what it offers. */
import { t } from '../../shared/i18n.js'
import { clockWords, momentWords } from '../../shared/time.js'

const KINDS = { hall: '区政务大厅', centre: '街道便民中心', station: '社区便民站', self_service: '自助服务点' }
const CAN = { accept: '能收件', review: '能审批', collect: '能取件' }
const FACILITIES = {
  wheelchair: '轮椅', mother_baby_room: '母婴室', reading_glasses: '老花镜', volunteer_station: '志愿者', elderly_green_lane: '老年人绿色通道',
  disabled_green_lane: '残疾人绿色通道', parking: '停车', self_service: '自助机', toilet: '卫生间', wifi: 'WiFi', water: '饮水',
}

export const kindWords = (kind) => t(KINDS[kind] ?? '办事点')
export const canWords = (can = []) => can.map((one) => t(CAN[one] ?? one))
export const facilityWords = (facilities = []) => facilities.map((one) => t(FACILITIES[one] ?? one))

/** @param {{on_arrival: boolean|null, closes_at: string|null, next_opens_at: string|null}|null} open */
export function openWords(open) {
  if (open?.on_arrival === true) return { tone: 'good', text: open.closes_at ? t('到时开着，{time} 下班', { time: clockWords(open.closes_at) }) : t('到时开着') }
  if (open?.on_arrival === false) return { tone: 'bad', text: open.next_opens_at ? t('到时关门，{time} 开门', { time: momentWords(open.next_opens_at) }) : t('到时关门') }
  return { tone: '', text: t('开门时间没有确认，先打电话') }
}

/** What is not certain about a place, or null. */
export function doubtWords(point) {
  if (point.lon == null) return t('还没有位置')
  if (point.confirmed === false) return point.position_error_m ? t('位置大概，误差约 {n} 米', { n: point.position_error_m }) : t('位置还没有核实')
  return null
}

/** An address that the phone's own map application opens (RFC 5870). */
export const mapLink = (point) => `geo:${point.lat},${point.lon}?q=${point.lat},${point.lon}(${encodeURIComponent(point.name)})`
