/** 长辈版: larger words and targets, and fewer things on the first page. */
import { ref } from 'vue'

const STORED = 'circle.elder'

export const elder = ref(false)

export function setElder(on) {
  elder.value = on
  document.documentElement.toggleAttribute('data-elder', on)
  localStorage.setItem(STORED, on ? '1' : '')
}

export const restoreElder = () => setElder(localStorage.getItem(STORED) === '1')
