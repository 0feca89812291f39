/**
 * Refuses a build that the oldest phones cannot read (Chrome 64, iOS 12): es-check parses it as ES2020, for `import()`
 * and `import.meta`, which they have; what else is newer than ES2018 is looked for here. The API description at /docs,
 * for developers, is not looked at.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'vite'

const ASSETS = join(import.meta.dirname, 'dist/assets')

/** What makes a node too new, in words; undefined if it is not. */
const TOO_NEW = {
  ChainExpression: () => '?.',
  LogicalExpression: ({ operator }) => (operator === '??' ? '??' : undefined),
  AssignmentExpression: ({ operator }) => (/^(\?\?|&&|\|\|)=$/.test(operator) ? operator : undefined),
  Literal: ({ bigint, regex }) =>
    bigint ? 'a BigInt' : regex && /\(\?<[=!]/.test(regex.pattern) ? 'a lookbehind' : undefined,
  CatchClause: ({ param }) => (param ? undefined : 'catch without a name'),
  PropertyDefinition: () => 'a class field',
  PrivateIdentifier: () => 'a private member',
  StaticBlock: () => 'a static block',
  ExportAllDeclaration: ({ exported }) => (exported ? 'export * as' : undefined),
}

function* nodes(node) {
  if (Array.isArray(node)) for (const one of node) yield* nodes(one)
  else if (node && typeof node.type === 'string') {
    yield node
    for (const value of Object.values(node)) if (value && typeof value === 'object') yield* nodes(value)
  }
}

const wrong = []
for (const name of readdirSync(ASSETS)) {
  if (!name.endsWith('.js') || name.startsWith('docs-')) continue
  const tree = parseAst(readFileSync(join(ASSETS, name), 'utf-8'))
  for (const node of nodes(tree)) {
    const words = TOO_NEW[node.type]?.(node)
    if (words) wrong.push(`${name}:${node.start}: ${words}`)
  }
  for (const statement of tree.body)
    if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AwaitExpression')
      wrong.push(`${name}:${statement.start}: await outside a function`)
}
if (wrong.length) {
  console.error(`Too new for the oldest phones:\n${wrong.slice(0, 20).join('\n')}`)
  process.exitCode = 1
}
