/**
 * The talks of the desk: who waits, which are mine, which are open in front of me. The store is the truth: what the
 * socket says only makes us look again, and what is new in that look is what an officer who looks elsewhere is told.
 */
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { t } from '../shared/i18n.js'
import { debounce } from '../shared/loading.js'
import { ANSWERERS, api, holds, me, OVERSEERS, session, signedIn, whileSeen } from './desk.js'

export { OVERSEERS }

const PAGE = 50
const LOOK_MS = 20_000
const SOON_MS = 250

export const waiting = shallowRef([])
export const mine = shallowRef([])
export const known = ref(false)

/** The talk in front now, or null when the officer looks at something else. */
export const front = ref(null)

/** Ids of the talks that lie open as tabs, in the order of opening. */
export const opened = ref([])

/** Whether questions may be given to this officer: 'here' or 'away', as the server keeps it. */
export const presence = ref('here')

export const waitingTalks = computed(() => waiting.value.length)
const seen = (talk) => talk.id === front.value && document.visibilityState === 'visible'
export const unreadTalks = computed(() =>
  mine.value.reduce((sum, talk) => sum + (seen(talk) ? 0 : (talk.unread ?? 0)), 0),
)

/** The desk that somebody looks at who oversees all of them; whoever is posted to one sees that one. */
export const desk = ref('')
export const choosesDesk = computed(() => holds(...OVERSEERS) && !me.value?.point)

const list = (queue) =>
  api.get('/v1/desk/conversations', { queue, point: desk.value, limit: PAGE }).then(({ items }) => items)

/** The citizens' names, as far as a list has told them: a conversation itself does not. */
export const names = reactive(new Map())

export function rememberNames(talks) {
  for (const { id, citizen } of talks) if (citizen?.name) names.set(id, citizen.name)
}

/** Look again at both lists, and tell what is new. */
export async function refreshTalks() {
  if (!signedIn.value || !holds(...ANSWERERS, ...OVERSEERS)) return
  const [queue, own] = await Promise.all([list('waiting'), list('mine')]).catch(() => [])
  if (!queue) return
  const before = {
    waiting: new Set(waiting.value.map(({ id }) => id)),
    unread: new Map(mine.value.map((talk) => [talk.id, talk.unread ?? 0])),
  }
  rememberNames([...queue, ...own])
  waiting.value = queue
  mine.value = own.filter(({ state }) => state !== 'closed')
  if (known.value) tellNew(before)
  known.value = true
}

export const refreshTalksSoon = debounce(refreshTalks, SOON_MS)

function tellNew(before) {
  const asking = waiting.value.filter(({ id }) => !before.waiting.has(id))
  const said = mine.value.filter((talk) => !seen(talk) && (talk.unread ?? 0) > (before.unread.get(talk.id) ?? 0))
  if (asking.length && holds(...ANSWERERS) && presence.value === 'here')
    alertDesktop(t('有新的咨询在等待'), asking[0].id)
  else if (said.length) alertDesktop(t('咨询里有新消息'), said[0].id)
}

/** Whether this browser could still be asked for desktop notifications. */
export const mayAsk = ref(globalThis.Notification?.permission === 'default')

export async function askForNotifications() {
  await Notification.requestPermission()
  mayAsk.value = Notification.permission === 'default'
}

/** A word on the desktop, without anything a passer-by should not read; only while the page is not in front. */
function alertDesktop(title, id) {
  if (document.visibilityState === 'visible' || globalThis.Notification?.permission !== 'granted') return
  const note = new Notification(title, {
    body: t('点开工作台查看'),
    tag: `talk-${id}`,
    lang: document.documentElement.lang,
  })
  note.onclick = () => {
    window.focus()
    location.hash = `#/talks/${id}`
    note.close()
  }
}

export function openTalk(id) {
  if (!opened.value.includes(id)) opened.value = [...opened.value, id]
}

/** Take a tab away; the talk itself goes on. @returns {string|null} the neighbour that comes to the front */
export function shutTalk(id) {
  const at = opened.value.indexOf(id)
  opened.value = opened.value.filter((one) => one !== id)
  return opened.value[Math.min(at, opened.value.length - 1)] ?? null
}

/** Take a waiting talk. @throws the refusal, when a colleague was faster */
export async function claim(id) {
  const chat = await session.line()
  await chat.act('claim', { conversation: id })
  await refreshTalks()
}

/** Whether waiting talks are given to this officer by themselves: 'push', or 'pull' to take them by hand. */
export const takes = ref('pull')

/** How many at once, and what this officer knows to answer (nothing: everything). */
export const capacity = ref(5)
export const skills = ref([])

/** Whether the live line is there, without which nothing can be said or asked of the server's keeping. */
export const connected = ref(false)

/** Whether it is refused since too many windows of this person are open. */
export const crowded = ref(false)

/**
 * @param {{state?: 'here'|'away', takes?: 'pull'|'push', capacity?: number, skills?: string[]}} [word] without one,
 *   only what the server keeps is asked
 */
export async function setPresence(word = {}) {
  const chat = await session.line()
  const kept = await chat.act('presence', word)
  presence.value = kept.state
  takes.value = kept.takes
  capacity.value = kept.capacity
  skills.value = kept.skills
}

async function begin() {
  const chat = await session.line()
  const tell = (up) => {
    connected.value = up
    crowded.value = chat.crowded
    if (!up) return
    if (holds(...ANSWERERS)) setPresence().catch(() => {})
    refreshTalksSoon()
  }
  chat.on('connection', tell)
  for (const event of ['assigned', 'queue', 'state', 'notice', 'elsewhere', 'messages'])
    chat.on(event, refreshTalksSoon)
  chat.on('receipt', ({ member }) => member?.id === me.value?.id && refreshTalksSoon())
  tell(chat.connected)
}

let stopLooking = () => {}

watch(
  () => me.value?.id,
  (id) => {
    stopLooking()
    known.value = false
    waiting.value = []
    mine.value = []
    opened.value = []
    if (!id) return
    stopLooking = whileSeen(refreshTalks, LOOK_MS)
    refreshTalks()
    begin()
  },
  { immediate: true },
)
