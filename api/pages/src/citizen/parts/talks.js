/** Words about a conversation. */
import { ref } from 'vue'
import { t } from '../../shared/i18n.js'
import { loadMatters } from '../state.js'

/** Names of matters by code, as they come. */
export function useMatterNames() {
  const names = ref({})
  loadMatters().then(
    (matters) => {
      names.value = Object.fromEntries(matters.map((matter) => [matter.code, matter.name]))
    },
    () => {},
  )
  return names
}

/** What a conversation is about, for its list and its head. */
export function talkTitle(talk, names) {
  if (talk.case) return t('办件 {number}', { number: talk.case })
  return names[talk.matter] ?? t('咨询')
}
