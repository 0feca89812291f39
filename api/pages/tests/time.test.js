/** Dates and limits in words, in Beijing time. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { addWords, language, speak } from '../src/shared/i18n.js'
import { clockWords, dayWords, distanceWords, durationWords, limitWords, momentWords } from '../src/shared/time.js'

addWords(() => import('../src/shared/en.js'))
afterEach(() => {
  language.value = 'zh'
})

const NOW = Date.parse('2026-10-01T00:30:00+08:00')
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
