/** Dates and limits in words, in Beijing time. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { addWords, language, speak } from '../src/shared/i18n.js'
import {
  clockWords,
  dayWords,
  distanceWords,
  durationWords,
  leftWords,
  ledgerWords,
  limitWords,
  momentWords,
} from '../src/shared/time.js'

addWords(() => import('../src/shared/en.js'))
afterEach(() => {
  language.value = 'zh'
})

const NOW = Date.parse('2026-10-01T00:30:00+08:00')
const CLOCK = {
  state: 'running',
  unit: 'working',
  act_by: '2026-10-09T23:59:59+08:00',
  legal_due: '2026-10-20T23:59:59+08:00',
  promised_left: 3,
  left: 8,
  used: 2,
  total: 10,
  overdue: false,
  overdue_days: 0,
  promise_overdue: false,
  notice_due: null,
}
const left = (more) => leftWords({ ...CLOCK, ...more })

describe('moments', () => {
  it('are told in Beijing time, wherever the phone is', () => {
    assert.equal(momentWords('2026-09-30T16:10:00Z', NOW), '今天 00:10')
    assert.equal(momentWords('2026-09-30T23:10:00+08:00', NOW), '昨天 23:10')
    assert.equal(clockWords('2026-09-30T16:10:00Z'), '00:10')
  })

  it('name the year only when it is another', () => {
    assert.equal(dayWords('2026-10-09', NOW), '10 月 9 日')
    assert.equal(dayWords('2027-01-04', NOW), '2027 年 1 月 4 日')
  })

  it('are told in English, too', async () => {
    await speak('en')
    assert.equal(dayWords('2026-10-09', NOW), '9 Oct')
    assert.equal(momentWords('2026-10-01T00:05:00+08:00', NOW), 'Today 00:05')
  })
})

describe('the clock of a case', () => {
  const year = new Date().getFullYear() === 2026 ? '' : '2026 年 '

  it('says how long is left and until when', () => {
    assert.deepEqual(left({}), { text: `还剩 3 个工作日（${year}10 月 9 日前）`, tone: 'calm' })
    assert.deepEqual(left({ promised_left: null }), { text: `还剩 8 个工作日（${year}10 月 9 日前）`, tone: 'calm' })
  })

  it('presses towards the end', () => {
    assert.equal(left({ promised_left: 2 }).tone, 'soon')
    assert.deepEqual(left({ promised_left: 0 }), { text: '今天是最后一天', tone: 'soon' })
  })

  it('says when it stands still, is late, has not begun or is over', () => {
    assert.deepEqual(left({ state: 'stopped' }), { text: '计时暂停，已用 2 个工作日', tone: 'paused' })
    assert.deepEqual(left({ overdue: true, overdue_days: 4, state: 'overdue' }), {
      text: '已超过法定期限 4 个工作日',
      tone: 'late',
    })
    assert.equal(left({ promise_overdue: true }).tone, 'late')
    assert.equal(
      left({ state: 'not_started', notice_due: '2026-10-09T23:59:59+08:00' }).text,
      `还没开始计时，${year}10 月 9 日前会答复是否受理`,
    )
    assert.equal(left({ state: 'decided' }).tone, 'done')
  })

  it('counts calendar days where the law does', () => {
    assert.equal(left({ unit: 'calendar', promised_left: null, act_by: null }).text, '还剩 8 天')
  })

  it('explains its ledger line by line', () => {
    assert.deepEqual(ledgerWords('2026-10-01 start:accepted 0'), {
      date: '2026-10-01',
      text: '受理，开始计时',
      used: 0,
    })
    assert.equal(ledgerWords('2026-10-03 stop:听证 2').text, '听证开始，暂停计时')
    assert.equal(ledgerWords('2026-10-03 extend:+10 2').text, '延长 10 天')
  })
})

describe('measures', () => {
  it('are said as people say them', () => {
    assert.equal(durationWords(20), '1 分钟')
    assert.equal(durationWords(440), '7 分钟')
    assert.equal(durationWords(3_900), '1 小时 5 分')
    assert.equal(distanceWords(433), '430 米')
    assert.equal(distanceWords(1_240), '1.2 公里')
    assert.equal(limitWords({ days: 20, unit: 'working' }), '20 个工作日')
    assert.equal(limitWords({ days: 0, unit: 'working' }), '当场办结')
    assert.equal(limitWords(null), '没有规定')
  })
})
