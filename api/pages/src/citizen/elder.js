/** 长辈版: larger words and targets, and fewer things on the first page. */
import { ref } from 'vue'
import { device } from '../shared/storage.js'

const STORED = 'circle.elder'

export const elder = ref(false)

export function setElder(on) {
  elder.value = on
  document.documentElement.toggleAttribute('data-elder', on)
  device.setItem(STORED, on ? '1' : '')
}

export const restoreElder = () => setElder(device.getItem(STORED) === '1')
