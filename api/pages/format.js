/**
 * Prettier over the templates, kept from changing what is shown. Of a blank between two elements Vue keeps what holds
 * no newline and drops the rest, so that a line broken or joined there makes a blank come or go, and Chinese has none
 * between words. A file to which that would happen is left as it is and named: write the blank as {{ ' ' }}, or put the
 * newline elsewhere.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { babelParse, compileTemplate, parse } from 'vue/compiler-sfc'

const here = import.meta.dirname
/** What of a syntax tree tells only where and how something is written. */
const WRITTEN = new Set([
  'loc',
  'start',
  'end',
  'extra',
  'errors',
  'leadingComments',
  'trailingComments',
  'innerComments',
])

/** What a component's template renders, as a text that is the same however the template is laid out. */
export function shown(source) {
  const { descriptor, errors } = parse(source, { sourceMap: false })
  if (errors.length) throw errors[0]
  if (!descriptor.template) return ''
  const made = compileTemplate({ source: descriptor.template.content, filename: 'x.vue', id: 'x', isProd: true })
  if (made.errors.length) throw made.errors[0]
  const { body } = babelParse(made.code, { sourceType: 'module' }).program
  return JSON.stringify(body, (key, value) => (WRITTEN.has(key) ? undefined : value))
}

async function formatAll() {
  const files = readdirSync(join(here, 'src'), { recursive: true }).filter((name) => name.endsWith('.vue'))
  for (const path of files.map((name) => join(here, 'src', name)).sort()) {
    try {
      const source = readFileSync(path, 'utf8')
      const laid = await format(source, { ...(await resolveConfig(path)), filepath: path })
      if (laid === source) continue
      if (shown(laid) !== shown(source)) throw new Error('laid out by prettier it would show something else')
      writeFileSync(path, laid)
    } catch (trouble) {
      console.error(`${relative(here, path)}: ${trouble.message}`)
      process.exitCode = 1
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await formatAll()
