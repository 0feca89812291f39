/** One conversation as a view needs it: what to draw, and the acts; kept up to date by the live line. */
import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { upload } from './upload.js'
import { newId } from './api.js'

const WINDOW = 60

const byTime = (a, b) => Date.parse(a.at) - Date.parse(b.at) || a.seq - b.seq

/**
 * @param {ReturnType<import('./session.js').createSession>} session
 * @param {string} id of the conversation
 * @param {string[]} streams 'public', and for staff 'staff'
 */
export function useTalk(session, id, streams = ['public']) {
  const conversation = shallowRef(null)
  const messages = shallowRef([])
  const waiting = shallowRef([])
  const uploads = ref([])
  /** Whether the outbox is there: what is sent before would be lost. */
  const ready = ref(false)
  const connected = ref(true)
  const crowded = ref(false)
  const typing = ref(null)
  const error = shallowRef(null)
  const count = ref(WINDOW)
  const more = ref(false)
  const stops = []
  let chat = null
  let gone = false
  let typingTimer = 0

  /** What is older than what is known stays out: an answer may come later than the news that overtook it. */
  const change = (news) => {
    if (news.version < conversation.value?.version) return
    conversation.value = { ...conversation.value, ...news }
  }
  const ours = (handler) => (payload) => payload.conversation === id && handler(payload)

  /** Whether a receipt or a word of typing comes from the other side. */
  const other = ({ member }) => member.id !== session.me.value?.id

  function took({ messages: fresh }) {
    messages.value = [...messages.value, ...fresh].sort(byTime)
    if (fresh.some((message) => message.kind === 'event')) refresh()
    if (fresh.some((message) => message.sender?.id !== session.me.value?.id)) typing.value = null
  }

  function listen() {
    stops.push(
      chat.on('messages', ours(took)),
      chat.on(
        'outbox',
        ours(({ entries }) => {
          waiting.value = entries
        }),
      ),
      chat.on('connection', (up) => {
        connected.value = up
        crowded.value = chat.crowded
      }),
      chat.on('state', ours(change)),
      chat.on(
        'queue',
        ours(({ position, wait }) => change({ queue: { position, wait } })),
      ),
      chat.on(
        'assigned',
        ours(() => refresh()),
      ),
      chat.on(
        'receipt',
        ours((news) => other(news) && change({ peer: { ...conversation.value?.peer, ...pick(news) } })),
      ),
      chat.on(
        'typing',
        ours((news) => other(news) && seeTyping(news)),
      ),
      chat.on(
        'refused',
        ours((refusal) => {
          error.value = refusal
        }),
      ),
    )
  }

  function seeTyping(news) {
    typing.value = news.member.name || true
    clearTimeout(typingTimer)
    typingTimer = setTimeout(() => {
      typing.value = null
    }, 5_000)
  }

  async function refresh() {
    change(await session.api.get(`/v1/conversations/${id}`).catch(() => ({})))
  }

  async function load() {
    error.value = null
    try {
      conversation.value = await session.api.get(`/v1/conversations/${id}`)
      chat = await session.line()
      if (gone) return
      ready.value = true
      connected.value = chat.connected
      crowded.value = chat.crowded
      waiting.value = chat.pending(id)
      if (!stops.length) listen()
      await chat.join(id, { lastSeq: conversation.value.last_seq ?? 0, streams })
      more.value = chat.hasEarlier(id)
    } catch (trouble) {
      error.value = trouble
    }
  }

  /** Show sixty more upwards, fetched when they are not here yet. */
  async function showEarlier() {
    if (count.value >= messages.value.length && chat?.hasEarlier(id)) {
      const older = await chat.earlier(id)
      messages.value = [...older, ...messages.value].sort(byTime)
    }
    count.value += WINDOW
    more.value = chat?.hasEarlier(id) || count.value < messages.value.length
  }

  /** Back at the end of the list: no need to keep more than the last sixty drawn. */
  function settle() {
    if (count.value === WINDOW || messages.value.length <= WINDOW) return
    count.value = WINDOW
    more.value = true
  }

  function sendFile(file) {
    const one = { key: newId(), name: file.name, fraction: 0, error: null, file }
    uploads.value.push(one)
    return carry(uploads.value.at(-1))
  }

  async function carry(one) {
    one.error = null
    try {
      const { done } = upload(session.api, one.file, {
        purpose: `talk/${id}/${one.key}`,
        onProgress: (fraction) => {
          one.fraction = fraction
        },
      })
      const { id: file, name, size, type } = await done
      chat.post(id, { kind: type?.startsWith('image/') ? 'image' : 'file', file: { id: file, name, size, type } })
      dropUpload(one.key)
    } catch (trouble) {
      one.error = trouble
    }
  }

  function dropUpload(key) {
    uploads.value = uploads.value.filter((one) => one.key !== key)
  }

  // a dropped network is known to the browser long before the socket notices
  const offline = () => {
    connected.value = false
  }
  const online = () => {
    connected.value = chat?.connected ?? true
  }
  window.addEventListener('offline', offline)
  window.addEventListener('online', online)

  load()
  onBeforeUnmount(() => {
    window.removeEventListener('offline', offline)
    window.removeEventListener('online', online)
    gone = true
    clearTimeout(typingTimer)
    stops.forEach((stop) => stop())
    chat?.leave(id)
  })

  const shown = computed(() => messages.value.slice(-count.value))

  return {
    conversation,
    shown,
    waiting,
    uploads,
    ready,
    connected,
    crowded,
    typing,
    error,
    more,
    load,
    refresh,
    showEarlier,
    settle,
    sendFile,
    retryUpload: carry,
    dropUpload,
    send: (text) => chat.post(id, { kind: 'text', text }),
    note: (text) => chat.post(id, { kind: 'note', text }),
    retry: (clientId) => chat.retry(clientId),
    discard: (clientId) => chat.discard(clientId),
    tell: () => chat?.typing(id),
    sawAll() {
      const last = messages.value.filter((message) => (message.stream ?? 'public') === 'public').at(-1)
      if (last) chat?.read(id, last.seq)
    },
  }
}

function pick({ delivered_seq, read_seq }) {
  return Object.fromEntries(Object.entries({ delivered_seq, read_seq }).filter(([, value]) => value !== undefined))
}
