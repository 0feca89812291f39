/** What filling in a draft is the same in, on a citizen's phone and at a window. */
import { computed, nextTick, onBeforeUnmount, onMounted, watch } from 'vue'
import { blank, trimmed } from './form.js'
import { t } from './i18n.js'
import { isSame, mergedList } from './merge.js'

/** What did not arrive is tried again when the network is back, and now and then, since not every phone says that. */
const RETRY_MS = 15_000

/**
 * Try again what did not arrive, and say whether all is saved.
 * @param {{draft, saving, unsaved, again}} of what `useDraft` gave
 * @returns {import('vue').ComputedRef<string>}
 */
export function useSaving({ draft, saving, unsaved, again }) {
  const tryAgain = () => saving.value || again()
  let beat
  onMounted(() => {
    window.addEventListener('online', tryAgain)
    beat = setInterval(() => unsaved.value?.code === 'offline' && tryAgain(), RETRY_MS)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('online', tryAgain)
    clearInterval(beat)
  })
  return computed(() => {
    if (saving.value) return t('正在保存')
    if (unsaved.value) return unsaved.value.code === 'offline' ? t('没存上，联网后再存') : t('没存上')
    return draft.value ? t('已保存') : ''
  })
}

/**
 * Another tab or device changed something: it is shown as it is by now, but for what was changed here too.
 * @param {object} elsewhere of `useDraft`, `fields` of the form, and what stands in the page: `answers`, `delivery`
 */
export function useElsewhere(elsewhere, fields, answers, delivery) {
  watch(elsewhere, ({ base, now }) => {
    for (const field of fields.value) {
      const [before, after] = [base, now].map((one) => blank([field], one.answers)[field.key])
      const here = answers.value[field.key]
      if (isSame(here, before)) answers.value[field.key] = after
      else if (field.kind === 'group') answers.value[field.key] = mergedList(before, here, after)
    }
    for (const [key, here] of Object.entries(delivery))
      if (here === (base.delivery?.[key] ?? '')) delivery[key] = now.delivery?.[key] ?? ''
  })
}

/** How the result is fetched, as it is sent; null where nothing was chosen. */
export function deliveryOf({ way, name, phone, address }) {
  if (!way) return null
  if (way === 'pickup') return { way }
  return { way, name: trimmed(name), phone: trimmed(phone), address: trimmed(address) }
}

/** The first field with something wrong comes into sight, and takes the focus where one can write in it. */
export async function showWrong() {
  await nextTick()
  const first = document.querySelector('.wrong, .wrong-line')
  first?.scrollIntoView({ block: 'center' })
  first?.parentElement.querySelector('input, textarea')?.focus({ preventScroll: true })
}
