/**
 * Who is signed in on this device: the api with the tokens, the person, and the live line, one set for each of the two
 * pages.
 */
import { computed, nextTick, ref, shallowRef, watch } from 'vue'
import { createApi, createKeys, newId } from './api.js'
import { ChatClient, createOutbox } from './chat.js'
import { language } from './i18n.js'
import { watchPerson } from './person.js'
import { askProof } from './proof.js'
import { createSealed } from './sealed.js'
import { device, isObject, parsed, visit } from './storage.js'
import { forgetUploads } from './upload.js'

/** Said to the other tabs: who has logged out by hand. */
const LEFT = 'circle.left'
/** Whose visit this tab's is: what another account did in it is not theirs. */
const VISITOR = 'circle.visitor'

const inFront = () => document.visibilityState === 'visible'

const isPerson = (value) => isObject(value) && typeof value.id === 'string'

/** @param {'citizen'|'staff'} name */
export function createSession(name) {
  const place = `circle.me.${name}`
  const visitor = `${VISITOR}.${name}`
  const me = ref(null)
  const chat = shallowRef(null)
  let opening = null
  let sealed = null

  const api = createApi({
    name,
    storage: device,
    keys: createKeys(visit),
    language: () => language.value,
    owner: () => me.value?.id,
    onSignedOut: () => close(),
    onRenewed: (token) => chat.value?.renewed(token),
    isPerson: watchPerson(window),
    prove: () => askProof(api),
  })

  function enter(person) {
    if (![null, person.id].includes(visit.getItem(visitor))) visit.clear()
    visit.setItem(visitor, person.id)
    me.value = person
  }

  /** Remember a fresh session (the answer of POST /v1/sessions or /v1/staff/sessions). */
  async function begin(session) {
    const person = session.citizen ?? session.staff
    if (me.value && me.value.id !== person.id) {
      close()
      await nextTick() // all that is drawn or counted for the one before ends
    }
    api.keep(session)
    enter(person)
  }

  /** Another account has logged in, in another tab: what stands here is of the one before, so the page begins anew. */
  function leaveToAnother() {
    if (!me.value || [undefined, me.value.id].includes(api.person())) return
    chat.value?.stop()
    visit.clear()
    window.location.reload()
  }

  /** Who was here last is here again at once, and is asked for in the background; without a network they stay. */
  async function restore() {
    if (!api.signedIn()) return
    const kept = parsed(device, place, isPerson)
    if (kept && [undefined, kept.id].includes(api.person())) enter(kept)
    const asked = api.get('/v1/me').then(
      (found) => {
        if (api.signedIn()) enter(found)
        leaveToAnother()
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
        outbox: createOutbox(device, me.value.id),
        me: me.value,
        newId,
        inFront,
      }).start()
      return chat.value
    })
    return opening
  }

  /** Name and phone are not kept: others may use this device. They are asked for in the background (`restore`). */
  const bare = (person) => JSON.stringify({ ...person, name: undefined, phone: undefined, username: undefined })
  watch(me, (person) => person && device.setItem(place, bare(person)))

  /** Where the words of forms are kept for who is here; null where nobody is. */
  function sealedWords() {
    if (me.value && sealed?.owner !== me.value.id) {
      const owner = me.value.id
      sealed = { owner, ...createSealed({ storage: device, api, owner }) }
    }
    return me.value && sealed
  }

  function close() {
    if (parsed(device, place, isPerson)?.id === me.value?.id) device.removeItem(place)
    chat.value?.stop()
    chat.value = null
    opening = null
    me.value = null
    sealed = null
  }

  /** Sign out here: nothing of the person stays on the device. */
  async function end() {
    const leaving = me.value
    sealedWords()?.end()
    await api.remove('/v1/sessions/current').catch(() => {})
    if (leaving) {
      createOutbox(device, leaving.id).clear()
      device.setItem(LEFT, leaving.id)
      device.removeItem(LEFT)
    }
    api.forget()
    close()
    forgetUploads(device)
    visit.clear()
  }

  /** Another tab has logged out, by hand or not: so has this one; or another account has logged in there. */
  function elsewhere({ key, newValue }) {
    if (me.value && key === LEFT && newValue === me.value.id) sealedWords().end()
    if (me.value && key === `circle.tokens.${name}` && newValue === null) close()
    leaveToAnother()
  }
  window.addEventListener('storage', elsewhere)

  function wake() {
    if (!inFront()) return
    leaveToAnother() // a tab that was asleep heard nothing
    chat.value?.wake()
  }
  document.addEventListener('visibilitychange', wake)
  window.addEventListener('online', wake)

  return { api, me, chat, line, sealed: sealedWords, begin, restore, end, signedIn: computed(() => me.value !== null) }
}
