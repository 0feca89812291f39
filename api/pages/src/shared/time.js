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

const finer = (date) => (date === null || date === undefined ? '' : dayWords(date))

/**
 * What the clock of a case says in one line, and how pressing it is.
 * @param {object} clock the answer of GET /v1/cases/{number}/clock
 * @returns {{text: string, tone: 'calm'|'soon'|'late'|'done'|'paused'}}
 */
export function leftWords(clock) {
  const counted = clock.promised_left ?? clock.left
  const days = (n) =>
    clock.unit === 'calendar' && clock.promised_left == null ? t('{n} 天', { n }) : t('{n} 个工作日', { n })
  if (clock.state === 'decided') return { text: t('已作出决定'), tone: 'done' }
  if (clock.state === 'refused') return { text: t('没有开始计时'), tone: 'done' }
  if (clock.state === 'not_started') {
    const by = clock.notice_due ? t('，{day}前会答复是否受理', { day: finer(clock.notice_due) }) : ''
    return { text: t('还没开始计时') + by, tone: 'calm' }
  }
  if (clock.state === 'stopped') return { text: t('计时暂停，已用 {used}', { used: days(clock.used) }), tone: 'paused' }
  if (clock.overdue) return { text: t('已超过法定期限 {n}', { n: days(clock.overdue_days) }), tone: 'late' }
  if (clock.promise_overdue)
    return { text: t('已超过承诺日期，法定期限到 {day}', { day: finer(clock.legal_due) }), tone: 'late' }
  const until = clock.act_by ? t('（{day}前）', { day: finer(clock.act_by) }) : ''
  if (counted === 0) return { text: t('今天是最后一天'), tone: 'soon' }
  if (counted == null) return { text: t('没有规定期限'), tone: 'calm' }
  return { text: t('还剩 {n}', { n: days(counted) }) + until, tone: counted <= 2 ? 'soon' : 'calm' }
}

const LEDGER = {
  'start:accepted': '受理，开始计时',
  'start:deemed': '到期没有答复，视为受理，开始计时',
  'decision:grant': '作出准予决定',
  'decision:refuse': '作出不予决定',
  'decision:end': '办理终止',
  handed_over: '结果送到您手里',
  promised_due: '承诺的最后一天',
  legal_due: '法定的最后一天',
  handover_due: '送达的最后一天',
}

/** One line of the clock's ledger, 'date code n', in words. @returns {{date: string, text: string, used: number}} */
export function ledgerWords(line) {
  const [date, code, used] = line.split(' ')
  const [verb, what = ''] = code.split(':')
  const known = LEDGER[code]
  const said = known
    ? t(known)
    : ({
        stop: t('{what}开始，暂停计时', { what }),
        resume: t('{what}结束，继续计时', { what }),
        runs: t('{what}（照常计时）', { what }),
        extend: t('延长 {n} 天', { n: what.replace('+', '') }),
        extend_refused: t('延长没有获准'),
      }[verb] ?? code)
  return { date, text: said, used: Number(used) }
}
