/** A place's week, day by day as the calendar room reads its hours, its own dated exceptions laid over it. */
import { t } from './i18n.js'

const DAY_MS = 86_400_000
const ZONE_MS = 8 * 3_600_000
const WEEKDAYS = ['周日', '周一', '周二', '周三', '周四', '周五', '周六']

/** '2026-10-09' in Beijing. */
export const dateOf = (moment) => new Date(moment + ZONE_MS).toISOString().slice(0, 10)

/** @returns {{from: string, to: string}} the seven days that begin today */
export const weekFrom = (now = Date.now(), days = 7) => ({ from: dateOf(now), to: dateOf(now + (days - 1) * DAY_MS) })

export const weekdayWords = (date) => t(WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()])

/** 'off' and '09:00-12:00,13:00-17:00' as periods. */
const periodsOf = (text) =>
  !text || text === 'off' || text === 'closed'
    ? []
    : text.split(',').map((one) => {
        const [opens, closes] = one.trim().split('-')
        return { opens, closes, extended: false }
      })

/**
 * @param {object[]} days of GET /v1/calendar/hours
 * @param {{date: string, hours: string|null, reason: string}[]} exceptions
 */
export function withExceptions(days, exceptions = []) {
  const dated = new Map(exceptions.map((one) => [one.date, one]))
  return days.map((day) =>
    dated.has(day.date)
      ? { ...day, periods: periodsOf(dated.get(day.date).hours), reason: dated.get(day.date).reason }
      : day,
  )
}

/** '09:00–12:00，13:00–17:00', '休息'. @param {{opens: string, closes: string, extended: boolean}[]} periods */
export function periodsWords(periods) {
  if (!periods.length) return t('休息')
  return periods
    .map(({ opens, closes, extended }) => `${opens}–${closes}${extended ? t('（延时）') : ''}`)
    .join(t('，'))
}

/** The gap at noon, '12:00–13:00', or null. */
export function lunchOf(periods) {
  const at = periods.findIndex(
    ({ closes }, n) =>
      periods[n + 1] && closes >= '11:00' && periods[n + 1].opens <= '15:30' && closes < periods[n + 1].opens,
  )
  return at < 0 ? null : `${periods[at].closes}–${periods[at + 1].opens}`
}
