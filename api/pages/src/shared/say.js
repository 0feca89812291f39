/** A passing word, and a question. Where even their clothes cannot be fetched, the browser's own do. */
import { t } from './i18n.js'
import { troubleWords } from './trouble.js'

const clothes = () => import('./dialogs.js')

export function say(message) {
  clothes().then(
    ({ showToast }) => showToast({ message, wordBreak: 'normal', duration: 2_600 }),
    () => alert(message),
  )
}

export const sayTrouble = (error) => say(troubleWords(error))

/**
 * Enter says yes, Esc no; what had the focus has it again afterwards.
 * @returns {Promise<boolean>}
 */
export async function ask(title, message, yes = t('确定')) {
  const asker = document.activeElement
  const words = { title, message, confirmButtonText: yes, cancelButtonText: t('取消') }
  const found = await clothes().catch(() => null)
  if (!found) return confirm(`${title}\n${message}`)
  const answer = await found.showConfirmDialog(words).then(
    () => true,
    () => false,
  )
  asker?.focus({ preventScroll: true })
  return answer
}
