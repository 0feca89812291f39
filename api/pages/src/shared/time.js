/** Dates and limits as people say them, always in Beijing time, whatever the phone's own zone is. */
import { language, t } from './i18n.js'

const ZONE = 'Asia/Shanghai'
const DAY_MS = 86_400_000

/** A moment, or a bare date ('2026-10-09'), taken apart in Beijing time. */
function parts(when) {
  const moment =
    typeof when === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(when) ? new Date(`${when}T12:00:00+08:00`) : new Date(when)
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: ZONE,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const found = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  return { ...found, date: `${found.year}-${found.month}-${found.day}` }
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** '10 月 9 日', with the year when it is not this one. @param {string|number|Date} when */
export function dayWords(when, now = Date.now()) {
  const { year, month, day } = parts(when)
  const other = year !== parts(now).year
  if (language.value === 'en') return `${Number(day)} ${MONTHS[month - 1]}${other ? ` ${year}` : ''}`
  return `${other ? `${year} 年 ` : ''}${Number(month)} 月 ${Number(day)} 日`
}

/** '今天 15:04', '昨天 15:04', '10 月 9 日 15:04'. */
export function momentWords(when, now = Date.now()) {
  const { date, hour, minute } = parts(when)
  const clock = `${hour}:${minute}`
  if (date === parts(now).date) return `${t('今天')} ${clock}`
  if (date === parts(now - DAY_MS).date) return `${t('昨天')} ${clock}`
  return `${dayWords(when, now)} ${clock}`
}

/** '15:04' */
export function clockWords(when) {
  const { hour, minute } = parts(when)
  return `${hour}:${minute}`
}

/** Whole minutes up, as '8 分钟' or '1 小时 5 分'. @param {number} seconds */
export function durationWords(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 60) return t('{n} 分钟', { n: minutes })
  return t('{h} 小时 {n} 分', { h: Math.floor(minutes / 60), n: minutes % 60 })
}

/** '430 米', '1.2 公里' @param {number} metres */
export function distanceWords(metres) {
  return metres < 1000
    ? t('{n} 米', { n: Math.round(metres / 10) * 10 })
    : t('{n} 公里', { n: (metres / 1000).toFixed(1) })
}

/** '20 个工作日', '30 天' @param {{days: number, unit: string}|null} limit */
export function limitWords(limit) {
  if (!limit) return t('没有规定')
  if (limit.days === 0) return t('当场办结')
  return /calendar|天|自然/.test(limit.unit) ? t('{n} 天', { n: limit.days }) : t('{n} 个工作日', { n: limit.days })
}
