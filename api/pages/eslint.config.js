/**
 * What the pages are held to: the recommended rules, and those beyond them that find faults. How it looks is
 * Prettier's.
 */
import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import compat from 'eslint-plugin-compat'
import esx from 'eslint-plugin-es-x'
import vue from 'eslint-plugin-vue'
import globals from 'globals'

/** Known everywhere: those of the router, and Vant's, which the build resolves. */
const EVERYWHERE = ['RouterLink', 'RouterView', 'van-.*']

/** Methods of values, which compat cannot see, that neither the oldest phones have nor src/shared/older.js brings. */
const TOO_NEW = [
  'array-prototype-toreversed',
  'array-prototype-tosorted',
  'array-prototype-tospliced',
  'array-prototype-with',
  'error-cause',
  'intl-listformat',
  'intl-relativetimeformat',
  'object-hasown',
  'object-map-groupby',
  'promise-all-settled',
  'promise-any',
  'promise-withresolvers',
  'regexp-lookbehind-assertions',
  'regexp-unicode-property-escapes',
  'string-prototype-iswellformed',
  'string-prototype-matchall',
  'weakrefs',
]

/** They throw where a person blocks them or they are full: shared/storage.js alone speaks with them. */
const STORAGES = ['localStorage', 'sessionStorage', 'indexedDB']
const BY_STORAGE = 'use shared/storage.js, which survives a storage that is blocked, full or spoilt'

export default [
  { ignores: ['dist/', 'node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...vue.configs['flat/recommended'],
  prettier,
  { files: ['src/**'], languageOptions: { globals: globals.browser } },
  {
    // What the oldest phones (`browserslist` in package.json) have, or src/shared/older.js brings.
    files: ['src/**'],
    ignores: ['src/docs/**', 'src/shared/older.js'],
    plugins: { compat, 'es-x': esx },
    settings: {
      // the last three are looked for before they are used
      polyfills: [
        ...['Array.flat', 'Array.flatMap', 'Object.fromEntries', 'queueMicrotask', 'globalThis'],
        ...['Notification', 'AbortController', 'navigator.locks'],
      ],
      'es-x': { aggressive: true },
    },
    rules: {
      'compat/compat': 'error',
      'no-restricted-globals': ['error', 'structuredClone', 'requestIdleCallback', ...STORAGES],
      'no-restricted-properties': ['error', ...STORAGES.map((property) => ({ property, message: BY_STORAGE }))],
      ...Object.fromEntries(TOO_NEW.map((name) => [`es-x/no-${name}`, 'error'])),
    },
  },
  { files: ['src/shared/storage.js'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['*.js', 'tests/**'], languageOptions: { globals: globals.node } },
  {
    rules: {
      'array-callback-return': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constructor-return': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-self-compare': 'error',
      'no-shadow': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unreachable-loop': 'error',
      'no-unused-expressions': ['error', { allowShortCircuit: true, allowTernary: true }],
      // `{ code: _code, ...rest }` takes a key away
      'no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // what is called later may stand later
      'no-use-before-define': ['error', { functions: false, variables: false }],
      'no-useless-return': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'prefer-promise-reject-errors': 'error',
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/eqeqeq': ['error', 'always', { null: 'ignore' }],
      'vue/html-button-has-type': 'error',
      'vue/max-len': ['error', { code: 120, template: 120, ignoreUrls: true }],
      'vue/no-duplicate-attr-inheritance': 'error',
      // a form is handed its values as one object, to be filled in
      'vue/no-mutating-props': ['error', { shallowOnly: true }],
      'vue/no-ref-object-reactivity-loss': 'error',
      'vue/no-template-target-blank': ['error', { allowReferrer: true }],
      'vue/no-undef-components': ['error', { ignorePatterns: EVERYWHERE }],
      'vue/no-undef-directives': 'error',
      'vue/no-undef-properties': 'error',
      'vue/no-unused-emit-declarations': 'error',
      'vue/no-unused-properties': 'error',
      'vue/no-unused-refs': 'error',
      'vue/no-use-v-else-with-v-for': 'error',
      'vue/no-useless-v-bind': 'error',
      'vue/valid-define-options': 'error',
    },
  },
]
