/**
 * What phones as old as the floor (Chrome 64, iOS 12) lack of what the pages and their libraries call: first import of
 * every page. `eslint-plugin-compat` and `eslint-plugin-es-x` refuse what is neither there nor here.
 */
import 'core-js/actual/array/at.js'
import 'core-js/actual/array/find-last.js'
import 'core-js/actual/array/flat.js'
import 'core-js/actual/array/flat-map.js'
import 'core-js/actual/global-this.js'
import 'core-js/actual/object/from-entries.js'
import 'core-js/actual/queue-microtask.js'
import 'core-js/actual/string/at.js'
import 'core-js/actual/string/replace-all.js'

/** Copies plain data, as structuredClone does, which no phone has before Chrome 98 or iOS 15.4. */
export const copied = (plain) => (plain === undefined ? undefined : JSON.parse(JSON.stringify(plain)))
