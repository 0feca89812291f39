/** What is due when is said by the server: no page makes a sentence about the time of a case of its own. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const SRC = join(import.meta.dirname, '../src')
/** Days of the clock as the server sends them, from which a page could make a sentence; an act of the audit is none. */
const DUES =
  /\b(act_by|notice_due|legal_due|promised_due|handover_due|promised_left|overdue_days|day0)\b|(?<!'case)\.overdue\b/
/** Sentences that would name such a day or count. */
const SENTENCES = /\{(day|n)\}\s*前|还剩|剩 \{|已用 \{|最后一天|应办结|没有规定期限|超期|计时暂停/

const files = readdirSync(SRC, { recursive: true }).filter((name) => /\.(js|vue)$/.test(name))
const sourceOf = (name) => readFileSync(join(SRC, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g, '')

for (const [what, pattern] of [
  ['reads a due day of the clock', DUES],
  ['says a day or a number of days of a limit', SENTENCES],
]) {
  test(`no page ${what}`, () => {
    assert.deepEqual(
      files.filter((name) => pattern.test(sourceOf(name))),
      [],
    )
  })
}
