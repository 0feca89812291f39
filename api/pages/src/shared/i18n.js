/**
 * Words in two languages. The Chinese sentence in the source is its own key; English is a table loaded only when asked
 * for.
 * `t('还剩 {n} 个工作日', { n: 3 })` → '还剩 3 个工作日' | '3 working days left'.
 */
import { ref } from 'vue'
import { device } from './storage.js'

const STORED = 'circle.language'
const tables = { zh: {} }
const loaders = []

/** The language shown now: 'zh' or 'en'. Reactive: whatever calls `t` in a template follows it. */
export const language = ref('zh')

/**
 * Say where the English words of an entry lie: `addWords(() => import('./en.js'))`, the default export being the table.
 */
export function addWords(load) {
  loaders.push(load)
}

/** @param {string} sentence @param {Record<string, unknown>} [values] */
export function t(sentence, values = {}) {
  const words = tables[language.value]?.[sentence] ?? sentence
  return words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** What the server says in both languages: `row[key]`, or `row[key + '_en']` in English where there is one. */
export const saidOf = (row, key = 'text') => (language.value === 'en' && row[`${key}_en`]) || t(row[key])

/** Sentences one after the other: English ones have a space between them. */
export const joined = (...sentences) => sentences.filter(Boolean).join(language.value === 'en' ? ' ' : '')

/** Show another language from now on, and remember it. */
export async function speak(wanted) {
  if (!tables[wanted]) {
    const loaded = await Promise.all(loaders.map((load) => load()))
    tables[wanted] = Object.assign({}, ...loaded.map((module) => module.default))
  }
  language.value = wanted
  device.setItem(STORED, wanted)
  if (globalThis.document) document.documentElement.lang = wanted === 'zh' ? 'zh-CN' : 'en'
}

/** The remembered language, Chinese at first. */
export async function restoreLanguage() {
  const kept = device.getItem(STORED)
  await speak(kept === 'en' ? 'en' : 'zh').catch(() => speak('zh'))
}
