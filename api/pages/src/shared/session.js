/**
 * Who is signed in on this device: the api with the tokens, the person, and the live line, one set for each of the two
 * pages.
 */
import { computed, ref, shallowRef, watch } from 'vue'
import { createApi, createKeys, newId } from './api.js'
import { ChatClient, createOutbox } from './chat.js'
import { language } from './i18n.js'
import { forgetUploads } from './upload.js'

const inFront = () => document.visibilityState === 'visible'

/** @param {'citizen'|'staff'} name */
export function createSession(name) {
  const place = `circle.me.${name}`
  const me = ref(null)
  const chat = shallowRef(null)
  let opening = null

  const api = createApi({
    name,
    storage: localStorage,
    keys: createKeys(sessionStorage),
    language: () => language.value,
    onSignedOut: () => close(),
    onRenewed: (token) => chat.value?.renewed(token),
  })

  /** Remember a fresh session (the answer of POST /v1/sessions or /v1/staff/sessions). */
  function begin(session) {
    api.keep(session)
    me.value = session.citizen ?? session.staff
  }

  /** Who was here last is here again at once, and is asked for in the background; without a network they stay. */
  async function restore() {
    if (!api.signedIn()) return
    me.value = JSON.parse(localStorage.getItem(place) ?? 'null')
    const asked = api.get('/v1/me').then(
      (found) => {
        me.value = found
      },
      () => {},
    )
    if (!me.value) await asked
  }

  /** The live line, opened when first wanted. @returns {Promise<ChatClient>} */
  function line() {
    opening ??= import('socket.io-client').then(({ io }) => {
      const open = () =>
        io('/chat', {
          autoConnect: false,
          transports: ['websocket'],
          auth: (give) =>
            api.token().then(
              (token) => give({ token }),
              () => give({}),
            ),
          reconnectionDelayMax: 8_000,
        })
      chat.value = new ChatClient({
        open,
        api,
        outbox: createOutbox(localStorage, me.value.id),
        me: me.value,
        newId,
        inFront,
      }).start()
      return chat.value
    })
    return opening
  }

  /** Name and phone are not kept: others may use this device. They are asked for in the background (`restore`). */
  const kept = (person) => JSON.stringify({ ...person, name: undefined, phone: undefined, username: undefined })
  watch(me, (person) => person && localStorage.setItem(place, kept(person)))

  function close() {
    localStorage.removeItem(place)
    chat.value?.stop()
    chat.value = null
    opening = null
    me.value = null
  }

  /** Sign out here: nothing of the person stays on the device. */
  async function end() {
    const leaving = me.value
    await api.remove('/v1/sessions/current').catch(() => {})
    if (leaving) createOutbox(localStorage, leaving.id).clear()
    api.forget()
    close()
    forgetUploads(localStorage)
    sessionStorage.clear()
  }

  const wake = () => inFront() && chat.value?.wake()
  document.addEventListener('visibilitychange', wake)
  window.addEventListener('online', wake)

  return { api, me, chat, line, begin, restore, end, signedIn: computed(() => me.value !== null) }
}
