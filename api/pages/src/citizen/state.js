/** What the citizen's views share: the session, the red dot, the catalogue and where the citizen stands. */
import { computed, ref, watch } from 'vue'
import { language, t } from '../shared/i18n.js'
import { ask } from '../shared/say.js'
import { createSession } from '../shared/session.js'
import { device, isObject, parsed, visit } from '../shared/storage.js'

export const session = createSession('citizen')
export const { api, me, signedIn } = session

const PAGE = 100
/** The live line waits until the first view stands. */
const LINE_AFTER_MS = 1_200
const WHERE = 'circle.where'

let catalogue = null

let places = null

/** Every service point, fetched once a visit. @returns {Promise<object[]>} */
export function loadPlaces() {
  places ??= allPages('/v1/points').catch((error) => {
    places = null
    throw error
  })
  return places
}

/** Every matter, fetched once a visit. @returns {Promise<object[]>} */
export function loadMatters() {
  catalogue ??= allPages('/v1/matters').catch((error) => {
    catalogue = null
    throw error
  })
  return catalogue
}

/** All pages of a list that is known to be short. */
export async function allPages(path) {
  const items = []
  for (let cursor; cursor !== null;) {
    const page = await api.get(path, { cursor, limit: PAGE })
    items.push(...page.items)
    cursor = page.next ?? null
  }
  return items
}

/** Themes with their matters, the fullest first: [{name, matters}]. */
export function byTheme(matters) {
  const themes = new Map()
  for (const matter of matters) {
    for (const name of matter.theme ?? []) themes.set(name, [...(themes.get(name) ?? []), matter])
  }
  return [...themes]
    .map(([name, found]) => ({ name, matters: found }))
    .sort((a, b) => b.matters.length - a.matters.length)
}

/** Notices and conversations nobody has looked at yet. */
export const unread = ref({ notices: 0, talks: 0 })
export const dot = computed(() => unread.value.notices + unread.value.talks > 0)

export async function refreshUnread() {
  if (!signedIn.value) {
    unread.value = { notices: 0, talks: 0 }
    return
  }
  const [notices, talks] = await Promise.all([
    api.get('/v1/notices', { limit: 50 }).catch(() => ({ items: [] })),
    api.get('/v1/conversations', { limit: 50 }).catch(() => ({ items: [] })),
  ])
  unread.value = {
    notices: notices.items.filter((notice) => !notice.read_at).length,
    talks: talks.items.reduce((sum, talk) => sum + (talk.unread ?? 0), 0),
  }
}

watch(
  signedIn,
  (now) => {
    refreshUnread()
    if (now) setTimeout(() => signedIn.value && session.line().catch(() => {}), LINE_AFTER_MS)
  },
  { immediate: true },
)

/** SMS and other notices come in the language that is read here. */
watch(language, (now) => {
  if (signedIn.value) api.patch('/v1/me', { language: now }).catch(() => {})
})

/** Once somebody has talked or is told something while here, the dot follows at once. */
watch(session.chat, (chat) => {
  for (const event of ['notice', 'elsewhere']) chat?.on(event, refreshUnread)
})

const isPlace = (value) =>
  isObject(value) && [value.lon, value.lat].every(Number.isFinite) && typeof value.label === 'string'

/**
 * Where the citizen is: {lon, lat, label, kind: 'here'|'tap'|'list'}. What was chosen is remembered on this phone;
 * where the phone itself said to be is forgotten with the visit, since one walks on.
 */
export const where = ref(parsed(visit, WHERE, isPlace) ?? parsed(device, WHERE, isPlace))

export function stand(place) {
  where.value = place
  visit.setItem(WHERE, JSON.stringify(place))
  if (place.kind !== 'here') device.setItem(WHERE, JSON.stringify(place))
}

/**
 * Whether the phone's own position may be used. Who is logged in is asked once, in the words of the consent
 * (个人信息保护法 第29条), and can withdraw it under 我的资料; a visitor is asked by the browser alone.
 *
 * @param {boolean} asks whether to ask who has not consented yet
 */
export async function mayLocate(asks) {
  if (!signedIn.value) return true
  const { purposes } = await api.get('/v1/me/consents')
  const location = purposes.find(({ purpose }) => purpose === 'location')
  if (location.state === 'given') return true
  if (!asks || !(await ask(t('用您现在的位置？'), location[language.value], t('同意')))) return false
  await api.post('/v1/me/consents', { purpose: 'location', text_version: location.text_version, given: true })
  return true
}
