/** What every view of the console shares: the session, what the roles may do, and how much is waiting where. */
import { computed, reactive, ref, watch } from 'vue'
import { createSession } from '../shared/session.js'
import { parsed, visit } from '../shared/storage.js'

export const session = createSession('staff')
export const { api, me } = session

const DEBT = 'circle.staff.debt'

/**
 * What this log-in still owes before work, remembered over a reload: {must_change_password, must_set_totp}, or null.
 */
export const debt = ref(parsed(visit, DEBT))

/** Whether somebody is here who may work; a newcomer is not until the debt is paid. */
export const signedIn = computed(() => session.signedIn.value && debt.value === null)

/** Take what an answer (log-in, password, authenticator) says is still owed. */
export function owe({ must_change_password: password, must_set_totp: totp }) {
  debt.value = password || totp ? { must_change_password: password, must_set_totp: totp } : null
  if (debt.value) visit.setItem(DEBT, JSON.stringify(debt.value))
  else visit.removeItem(DEBT)
}

/** Whether one of these roles is held by who is here; no roles named means everybody. */
export const holds = (...roles) => roles.length === 0 || roles.some((role) => me.value?.roles.includes(role))

export const ROLES = { window: '窗口', handler: '审批', head: '负责人', supervisor: '监督', admin: '管理' }

/** Who may look at cases and parcels; who runs the machines has no business there. */
export const READERS = ['window', 'handler', 'head', 'supervisor']

/** Who answers talks. */
export const ANSWERERS = ['window', 'handler']

/** Who reads them along, whispers and takes over. */
export const OVERSEERS = ['head', 'supervisor']

const MOST_COUNTED = 100
/** States of a notice in which somebody was not reached. */
export const UNDELIVERED = ['failed', 'undelivered', 'expired']
const COUNT_AGAIN_MS = 30_000

/** The queue with which this officer's day begins. */
export const firstQueue = () => (holds('window') ? 'new' : holds('handler', 'head') ? 'to_decide' : 'all')

/**
 * The queues of this post as the server says them: {items: [{queue, label, label_en, turn, count, more}], complete};
 * parcels on their way; notices that failed.
 */
export const counts = reactive({ cases: null, parcels: null, notices: null })

const sumOf = (all) => all && { n: all.reduce((sum, { n }) => sum + n, 0), more: all.some(({ more }) => more) }

export const tasksWaiting = computed(() =>
  sumOf((counts.cases?.items ?? []).filter(({ turn }) => turn).map(({ count, more }) => ({ n: count, more }))),
)

/** The length of a list, counted up to one page. @returns {Promise<{n: number, more: boolean}>} */
async function lengthOf(path, query) {
  const { items, next } = await api.get(path, { ...query, limit: MOST_COUNTED })
  return { n: items.length, more: next !== null }
}

const ignore = () => null

/** Count again; a count that cannot be had now stays as it was. */
export async function refreshCounts() {
  if (!signedIn.value) return
  const cases = holds(...READERS) ? api.get('/v1/desk/queues').catch(ignore) : null
  const parcels = holds(...READERS) ? lengthOf('/v1/desk/parcels', { queue: 'open' }).catch(ignore) : null
  const notices = Promise.all(UNDELIVERED.map((state) => lengthOf('/v1/desk/notices', { state }))).catch(ignore)
  counts.cases = (await cases) ?? counts.cases
  counts.parcels = (await parcels) ?? counts.parcels
  counts.notices = sumOf(await notices) ?? counts.notices
}

/** Act again and again while somebody looks at the page. @returns {() => void} the way to stop */
export function whileSeen(act, ms) {
  const turn = () => document.visibilityState === 'visible' && act()
  const timer = setInterval(turn, ms)
  document.addEventListener('visibilitychange', turn)
  return () => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', turn)
  }
}

/** '12', '100+'. @param {{n: number, more: boolean}|null} count */
export const countWords = (count) => (count?.n ? `${count.n}${count.more ? '+' : ''}` : '')

/** Names of the matters by their code, for lists that name the code alone. */
export const matterNames = reactive(new Map())

/** The themes of the matters, which are what officers say they know. */
export const themes = reactive(new Set())

async function learnMatters() {
  for (let cursor; cursor !== null;) {
    const page = await api.get('/v1/matters', { cursor, limit: MOST_COUNTED })
    page.items.forEach(({ code, name, theme }) => {
      matterNames.set(code, name)
      theme.forEach((one) => themes.add(one))
    })
    cursor = page.next ?? null
  }
}

const guides = new Map()

/** A matter as it stood at a version; fetched once a visit. */
export function loadMatter(code, version) {
  const at = `${code} ${version ?? ''}`
  if (!guides.has(at)) {
    const found = api.get(`/v1/matters/${encodeURIComponent(code)}`, { version }).catch((error) => {
      guides.delete(at)
      throw error
    })
    guides.set(at, found)
  }
  return guides.get(at)
}

/** Every item of a list that goes on by cursor. @returns {Promise<object[]>} */
export async function loadAll(path) {
  const all = []
  let cursor
  do {
    const page = await api.get(path, { cursor, limit: 100 })
    all.push(...page.items)
    cursor = page.next
  } while (cursor)
  return all
}

/** The departments of the district: [{code, name}]. */
export const loadDepartments = async () => (await api.get('/v1/desk/departments')).items

watch(session.signedIn, (here) => here || owe({}))

let stopCounting = ignore

watch(
  signedIn,
  (here) => {
    stopCounting()
    counts.cases = null
    stopCounting = here ? whileSeen(refreshCounts, COUNT_AGAIN_MS) : ignore
    refreshCounts()
    if (here && !matterNames.size) learnMatters().catch(ignore)
  },
  { immediate: true },
)
