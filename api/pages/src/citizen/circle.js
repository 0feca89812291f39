/** What the page of the circle remembers on this phone: how one goes, how long, and which places are shown. */
import { reactive, watch } from 'vue'
import { device, isObject, parsed } from '../shared/storage.js'
import { elder } from './elder.js'

const STORED = 'circle.going'
export const MODES = [
  { mode: 'walk', words: '步行' },
  { mode: 'walk_slow', words: '慢走' },
  { mode: 'bike', words: '骑车' },
  { mode: 'drive', words: '开车' },
]
export const MINUTES = [10, 15, 30]

const USUAL = () => ({ mode: elder.value ? 'walk_slow' : 'walk', minutes: 15, facilities: [], closedToo: false })

const isGoing = (value) =>
  isObject(value) &&
  MODES.some(({ mode }) => mode === value.mode) &&
  MINUTES.includes(value.minutes) &&
  Array.isArray(value.facilities)

let going = null

/**
 * How one goes, reactive and kept: {mode, minutes, facilities, closedToo}. Elders walk slowly until they say otherwise.
 */
export function useGoing() {
  if (!going) {
    going = reactive({ ...USUAL(), ...parsed(device, STORED, isGoing) })
    watch(going, (now) => device.setItem(STORED, JSON.stringify(now)))
    watch(elder, (on) => {
      going.mode = on ? 'walk_slow' : 'walk'
    })
  }
  return going
}
