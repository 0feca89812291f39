/** How much time a case in a list still has: the words, and the tone that goes with them (never the tone alone). */
import { t } from '../shared/i18n.js'

const SOON = 2
const RUNNING = new Set(['submitted', 'accepted'])
const STANDING = { supplementing: '等申请人补正', granted: '待制证', issued: '待送达' }

/**
 * @param {{state: string, act_by: string|null, left: number|null}} line
 * @param {number} [now] epoch milliseconds
 * @returns {{text: string, tone: 'calm'|'soon'|'late'|'paused'|'done'}}
 */
export function lineLeft({ state, act_by: due, left }, now = Date.now()) {
  if (STANDING[state]) return { text: t(STANDING[state]), tone: state === 'supplementing' ? 'paused' : 'done' }
  if (!RUNNING.has(state)) return { text: t('已有结论'), tone: 'done' }
  if (!due)
    return state === 'submitted'
      ? { text: t('未开始计时'), tone: 'calm' }
      : { text: t('计时暂停或无期限'), tone: 'paused' }
  if (Date.parse(due) < now) return { text: t('已超期'), tone: 'late' }
  if (left === 0) return { text: t('今天到期'), tone: 'soon' }
  if (left === null || left === undefined) return { text: t('期限内'), tone: 'calm' }
  return { text: t('剩 {n} 天', { n: left }), tone: left <= SOON ? 'soon' : 'calm' }
}

export const TONE_CLASS = { calm: 'calm', soon: 'warn', late: 'bad', paused: 'quiet', done: 'quiet' }
