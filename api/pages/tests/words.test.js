/** Every Chinese sentence of the pages has its English one, and no English one is left over. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import byServer from '../src/shared/said.en.js'

const SRC = join(import.meta.dirname, '../src')
const HAN = /\p{Script=Han}/u
/** Chinese that is compared with data, or that names the language in itself. */
const NOT_WORDS = new Set(['中文'])

/** Quoted Chinese in code and templates, comments left out. */
function sentencesOf(folder) {
  const found = new Set()
  for (const name of readdirSync(join(SRC, folder), { recursive: true })) {
    if (!/\.(js|vue)$/.test(name) || /(^|[./])en\.js$/.test(name)) continue
    const source = readFileSync(join(SRC, folder, name), 'utf8')
      .replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g, '')
      .replace(/(^|\s)\/\/.*$/gm, '')
    for (const [, sentence] of source.matchAll(/'([^'\n]*)'/g))
      if (HAN.test(sentence) && !NOT_WORDS.has(sentence)) found.add(sentence)
  }
  return found
}

const tableOf = async (folder) => (await import(join(SRC, folder, 'en.js'))).default
const placesOf = (sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

for (const folder of ['shared', 'citizen', 'staff']) {
  test(`every sentence of ${folder} is there in English`, async () => {
    const words = { ...(await tableOf('shared')), ...(await tableOf(folder)) }
    assert.deepEqual(
      [...sentencesOf(folder)].filter((sentence) => !(sentence in words)),
      [],
    )
  })

  test(`${folder} keeps no English sentence that nothing says`, async () => {
    const said = sentencesOf(folder)
    const leftOver = Object.keys(await tableOf(folder)).filter(
      (sentence) => !said.has(sentence) && !(sentence in byServer),
    )
    assert.deepEqual(leftOver, [])
  })

  test(`the English of ${folder} fills in the same values`, async () => {
    const words = Object.entries(await tableOf(folder))
    assert.deepEqual(
      words.filter(([zh, en]) => String(placesOf(zh)) !== String(placesOf(en))),
      [],
    )
  })

  test(`the Chinese of ${folder} uses full-width punctuation`, () => {
    assert.deepEqual(
      [...sentencesOf(folder)].filter((sentence) => /[\p{Script=Han}}][,;:?!()]|[,;:(]\p{Script=Han}/u.test(sentence)),
      [],
    )
  })
}
