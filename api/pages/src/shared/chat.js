/**
 * The live conversation, on the reader's side: nothing lost, nothing twice, in order.
 *
 * - The store is the truth and the socket only hints: a gap or a reconnect is filled by GET …/messages?after_seq=.
 * - A room is joined *before* it is fetched, then both are merged; whatever is at or below the last known seq is
 *   dropped.
 * - What one sends lies in an outbox on the device under a client id that stays the same over retries and reloads,
 *   until the server has acknowledged it (it acknowledges only after the write) or has refused it for good.
 *
 * Pure of Vue, of the document and of socket.io: `open` gives anything with `on`, `emit`, `connect`, `disconnect`,
 * `connected`.
 */

const PAGE = 60
const ACK_MS = 8_000
const HEARTBEAT_MS = 30_000
const RECEIPT_MS = 400
const RETRY_MS = [1_000, 3_000, 8_000, 20_000]

/** Refusals that pass by themselves: the same post is tried again. */
const PASSING = new Set(['unavailable', 'timeout', 'offline', 'token_bad', 'too_often', 'earlier_unknown'])
const pause = (tries) => RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]
const passes = (ack) => PASSING.has(ack.code) || ack.retry_after > 0

/**
 * Messages that are waiting to be acknowledged, one storage entry each, so that two tabs never overwrite one another.
 */
export function createOutbox(storage, owner) {
  const prefix = `circle.outbox.${owner}.`
  const keys = () =>
    Array.from({ length: storage.length }, (_, at) => storage.key(at)).filter((key) => key.startsWith(prefix))
  return {
    all: () =>
      keys()
        .map((key) => JSON.parse(storage.getItem(key)))
        .sort((a, b) => a.order - b.order),
    put: (entry) => storage.setItem(prefix + entry.client_id, JSON.stringify(entry)),
    remove: (clientId) => storage.removeItem(prefix + clientId),
    has: (clientId) => storage.getItem(prefix + clientId) !== null,
    clear: () => keys().forEach((key) => storage.removeItem(key)),
  }
}

/** A small emitter: `on` gives back the way to stop listening. */
function createEmitter() {
  const listeners = new Map()
  return {
    on(event, listener) {
      const all = listeners.get(event) ?? listeners.set(event, new Set()).get(event)
      all.add(listener)
      return () => all.delete(listener)
    },
    emit: (event, payload) => listeners.get(event)?.forEach((listener) => listener(payload)),
  }
}

/** One stream of one conversation: what is known of it, without gaps from `first` to `last`. */
class Stream {
  constructor(start) {
    this.first = start + 1
    this.last = start
    this.ahead = new Map()
  }

  /** Take in one message; gives those that are new and in order now. Ones that came too early are kept aside. */
  accept(message) {
    if (message.seq <= this.last) return []
    this.ahead.set(message.seq, message)
    const fresh = []
    while (this.ahead.has(this.last + 1)) {
      this.last += 1
      fresh.push(this.ahead.get(this.last))
      this.ahead.delete(this.last)
    }
    return fresh
  }

  get gap() {
    return this.ahead.size > 0
  }
}

export class ChatClient {
  /**
   * @param {{
   *   open: () => any,                                     // a socket, not yet connected
   *   api: {get: Function},
   *   outbox: ReturnType<typeof createOutbox>,
   *   me: {id: string, kind: string, name?: string},
   *   newId: () => string,
   *   inFront?: () => boolean,                             // whether a person may be looking: only then is a message
   *                                                        // delivered
   *   now?: () => number,
   *   later?: (act: () => void, ms: number) => any, forget?: (timer: any) => void,
   * }} parts
   */
  constructor({
    open,
    api,
    outbox,
    me,
    newId,
    inFront = () => true,
    now = Date.now,
    later = setTimeout,
    forget = clearTimeout,
  }) {
    Object.assign(this, { api, outbox, me, newId, inFront, now })
    this.later = (act, ms) => later(act, ms)
    this.forget = (timer) => forget(timer)
    this.rooms = new Map()
    this.emitter = createEmitter()
    this.on = this.emitter.on
    this.sending = new Set()
    this.asked = new Set()
    this.lastOrder = 0
    this.refusals = 0
    /** Refused at the door, since too many windows of this person are open. */
    this.crowded = false
    this.socket = open()
    this.#listen()
  }

  /** Connect, and send what an earlier visit left in the outbox. */
  start() {
    this.#beat()
    this.socket.connect()
    return this
  }

  stop() {
    this.stopped = true
    this.forget(this.heart)
    this.socket.disconnect()
  }

  /** The page is in front again, or the network is back: phones drop sockets quietly, so look at once. */
  wake() {
    if (!this.socket.connected) return this.socket.connect()
    this.rooms.forEach((room) => {
      this.#catchUp(room)
      this.#receipt(room, 'delivered')
    })
  }

  get connected() {
    return this.socket.connected
  }

  /**
   * Follow a conversation from its last page of messages on.
   * @param {string} id
   * @param {{lastSeq?: number, streams?: string[], staffSeq?: number}} [from] `lastSeq` as the conversation says it
   * @returns {Promise<void>} when the first page has been emitted as 'messages'
   */
  async join(id, { lastSeq = 0, streams = ['public'], staffSeq = 0 } = {}) {
    if (this.rooms.has(id)) return this.rooms.get(id).ready
    const start = { public: Math.max(0, lastSeq - PAGE), staff: Math.max(0, staffSeq - PAGE) }
    const room = {
      id,
      streams: new Map(streams.map((name) => [name, new Stream(start[name])])),
      catching: null,
      delivered: 0,
      read: 0,
    }
    this.rooms.set(id, room)
    room.ready = this.#enter(room)
    this.flush(id)
    return room.ready
  }

  leave(id) {
    this.rooms.delete(id)
    if (this.socket.connected) this.socket.emit('leave', { conversation: id })
  }

  /** The page of messages before the first one known, oldest first; empty at the very beginning. */
  async earlier(id, name = 'public') {
    const stream = this.rooms.get(id)?.streams.get(name)
    if (!stream || stream.first <= 1) return []
    const before = stream.first
    const after = Math.max(0, before - 1 - PAGE)
    const { items } = await this.#fetch(id, name, after, before - 1 - after)
    const older = items.filter((message) => message.seq < before)
    stream.first = after + 1
    return older
  }

  /** Whether there is something before what is shown. */
  hasEarlier(id, name = 'public') {
    return (this.rooms.get(id)?.streams.get(name)?.first ?? 1) > 1
  }

  /**
   * Put a message into the outbox and send it as soon as can be.
   * @param {string} conversation
   * @param {{kind: string, text?: string, file?: object, card?: object, location?: object}} content
   * @returns {object} the outbox entry, whose `state` is waiting | failed
   */
  post(conversation, content) {
    this.lastOrder = Math.max(this.now(), this.lastOrder + 1)
    const entry = {
      conversation,
      client_id: this.newId(),
      ...content,
      state: 'waiting',
      tries: 0,
      at: this.now(),
      order: this.lastOrder,
    }
    this.outbox.put(entry)
    this.#outboxChanged(conversation)
    this.flush(conversation)
    return entry
  }

  /** Entries of one conversation that have no acknowledgement yet, oldest first. */
  pending(conversation) {
    return this.outbox.all().filter((entry) => entry.conversation === conversation)
  }

  /** Try a refused message again, under its old client id. */
  retry(clientId) {
    const entry = this.outbox.all().find((one) => one.client_id === clientId)
    if (!entry) return
    this.outbox.put({ ...entry, state: 'waiting', tries: 0, code: undefined, detail: undefined })
    this.#outboxChanged(entry.conversation)
    this.flush(entry.conversation)
  }

  /** Give a refused message up. */
  discard(clientId) {
    const entry = this.outbox.all().find((one) => one.client_id === clientId)
    this.outbox.remove(clientId)
    if (entry) this.#outboxChanged(entry.conversation)
  }

  /** The messages up to `seq` have been seen by a person. */
  read(id, seq) {
    const room = this.rooms.get(id)
    if (!room || seq <= room.read) return
    room.read = seq
    this.#receipt(room, 'read')
  }

  typing(id) {
    const room = this.rooms.get(id)
    if (!room || !this.socket.connected || this.now() - (room.typed ?? 0) < 2_500) return
    room.typed = this.now()
    this.socket.emit('typing', { conversation: id })
  }

  /**
   * Any other act of the socket ('claim', 'transfer', 'close', 'presence'): its acknowledgement, or a thrown refusal.
   */
  async act(event, payload) {
    const ack = this.socket.connected ? await this.#request(event, payload) : { ok: false, code: 'offline' }
    if (!ack.ok) throw Object.assign(new Error(ack.detail ?? ack.code), ack)
    return ack
  }

  /** A renewed token is told to the socket, so that it is not closed when the old one ends. */
  renewed(token) {
    if (this.socket.connected) this.socket.emit('refresh', { token })
  }

  #listen() {
    this.socket.on('connect', () => {
      this.refusals = 0
      this.crowded = false
      this.emitter.emit('connection', true)
      this.rooms.forEach((room) => this.#enter(room))
      new Set(this.outbox.all().map((entry) => entry.conversation)).forEach((id) => this.flush(id))
    })
    this.socket.on('disconnect', (reason) => {
      this.emitter.emit('connection', false)
      this.asked.forEach((settle) => settle({ ok: false, code: 'offline' }))
      // socket.io does not come back by itself when the server closed the connection
      if (reason === 'io server disconnect' && !this.stopped) this.later(() => this.socket.connect(), RETRY_MS[0])
    })
    this.socket.on('connect_error', (error) => this.#refused(error))
    this.socket.on('message', (message) => this.#accept(message))
    for (const event of ['state', 'receipt', 'typing', 'queue', 'assigned', 'notice']) {
      this.socket.on(event, (payload) => this.emitter.emit(event, payload))
    }
  }

  /**
   * Refused at the door: socket.io retries a broken network by itself, but not this. Asking who we are renews a spent
   * token.
   */
  #refused(error) {
    this.crowded = error?.data?.code === 'too_many_lines'
    this.emitter.emit('connection', false)
    if (this.stopped || this.socket.active) return
    this.refusals += 1
    this.later(async () => {
      if (error?.data?.code === 'token_bad') await this.api.get('/v1/me').catch(() => null)
      if (!this.stopped) this.socket.connect()
    }, pause(this.refusals))
  }

  async #enter(room) {
    if (this.socket.connected) {
      const after = room.streams.get('public')?.last ?? 0
      const ack = await this.#request('join', { conversation: room.id, after_seq: after })
      if (ack.ok && ack.conversation) this.emitter.emit('state', { ...ack.conversation, conversation: room.id })
      if (!ack.ok && !passes(ack)) this.emitter.emit('refused', { conversation: room.id, ...ack })
    }
    await this.#catchUp(room)
  }

  /** Fetch until there is no more, one fetch at a time for a room; asked during one, another follows it. */
  #catchUp(room) {
    room.again = Boolean(room.catching)
    room.catching ??= this.#fill(room)
      .catch((error) => this.emitter.emit('trouble', { conversation: room.id, error }))
      .then(() => {
        room.catching = null
        return room.again && this.rooms.has(room.id) ? this.#catchUp(room) : undefined
      })
    return room.catching
  }

  async #fill(room) {
    for (const [name, stream] of room.streams) {
      for (let more = true; more;) {
        const before = stream.last
        const page = await this.#fetch(room.id, name, stream.last, 100)
        this.#merge(room, name, page.items)
        more = page.more && stream.last > before
      }
    }
  }

  #fetch(id, stream, after, limit) {
    const query = { after_seq: after, limit, ...(stream === 'public' ? {} : { stream }) }
    return this.api.get(`/v1/conversations/${id}/messages`, query)
  }

  #accept(message) {
    const room = this.rooms.get(message.conversation)
    const name = message.stream ?? 'public'
    if (!room) return this.#elsewhere(message)
    const stream = room.streams.get(name)
    if (!stream) return
    // a bare card is one that not every reader may see: the store gives it as this one may
    if (message.card && !message.card.ref && message.seq > stream.last) return this.#catchUp(room)
    this.#merge(room, name, [message])
    if (stream.gap) this.#catchUp(room)
  }

  /** A message of a conversation that is not open: the red dot is what the person sees of it. */
  #elsewhere(message) {
    const { conversation, stream, seq } = message
    if (this.inFront() && stream !== 'staff') this.socket.emit('delivered', { conversation, seq })
    this.emitter.emit('elsewhere', message)
  }

  #merge(room, name, messages) {
    const stream = room.streams.get(name)
    const fresh = messages.flatMap((message) => stream.accept(message))
    if (!fresh.length) return
    const mine = fresh.filter((message) => message.client_id && this.outbox.has(message.client_id))
    mine.forEach((message) => this.outbox.remove(message.client_id))
    this.emitter.emit('messages', { conversation: room.id, stream: name, messages: fresh })
    if (mine.length) this.#outboxChanged(room.id)
    if (name === 'public') this.#receipt(room, 'delivered')
  }

  /** Tell how far we are, not once a message but once a moment. */
  #receipt(room, what) {
    room[`${what}Timer`] ??= this.later(() => {
      room[`${what}Timer`] = null
      const seq = what === 'read' ? room.read : room.streams.get('public').last
      if (seq > 0 && this.inFront() && this.socket.connected && this.rooms.has(room.id))
        this.socket.emit(what, { conversation: room.id, seq })
    }, RECEIPT_MS)
  }

  /** Send what is waiting in one conversation, one after the other, so that the order is kept. */
  async flush(id) {
    if (this.sending.has(id) || !this.socket.connected) return
    this.sending.add(id)
    try {
      for (let entry = this.#next(id); entry && this.socket.connected; entry = this.#next(id)) {
        const passed = await this.#send(entry)
        if (!passed) break
      }
    } finally {
      this.sending.delete(id)
    }
  }

  #next(id) {
    return this.pending(id).find((entry) => entry.state === 'waiting')
  }

  /** @returns {Promise<boolean>} whether the next one may follow at once */
  async #send(entry) {
    const { conversation, client_id, kind, text, file, card, location } = entry
    const body = { conversation, client_id, kind, text, file: file?.id, card, location }
    const ack = await this.#request('post', JSON.parse(JSON.stringify(body)))
    if (!this.outbox.has(client_id)) return true
    if (ack.ok) return this.#acknowledged(entry, ack)
    if (ack.code === 'earlier_unknown' && !this.outbox.has(ack.earlier)) return this.#beginAnew(conversation)
    if (!passes(ack)) {
      this.outbox.put({ ...entry, state: 'failed', code: ack.code, detail: ack.detail })
      this.#outboxChanged(conversation)
      return true
    }
    this.outbox.put({ ...entry, tries: entry.tries + 1 })
    this.#outboxChanged(conversation)
    this.later(() => this.flush(conversation), ack.retry_after * 1_000 || pause(entry.tries))
    return false
  }

  /**
   * The server waits for a message that is no longer here (deleted, or sent by another tab): only a new connection
   * forgets it.
   */
  #beginAnew(conversation) {
    this.socket.disconnect()
    this.socket.connect()
    this.later(() => this.flush(conversation), RETRY_MS[0])
    return false
  }

  #acknowledged(entry, ack) {
    const { conversation, client_id, kind, text, file, card, location } = entry
    const stream = kind === 'note' ? 'staff' : 'public'
    this.outbox.remove(client_id)
    this.#accept({
      conversation,
      stream,
      client_id,
      kind,
      text,
      file,
      card,
      location,
      sender: this.me,
      seq: ack.seq,
      id: ack.id,
      at: ack.at,
    })
    this.#outboxChanged(conversation)
    return true
  }

  /** Emit with an acknowledgement, which comes, is a refusal, or is given up after a while. */
  #request(event, payload) {
    return new Promise((resolve) => {
      const settle = (ack) => {
        this.forget(timer)
        this.asked.delete(settle)
        resolve(ack ?? { ok: false, code: 'timeout' }) // an empty one says nothing: it is no promise
      }
      const timer = this.later(() => settle({ ok: false, code: 'timeout' }), ACK_MS)
      this.asked.add(settle)
      this.socket.emit(event, payload, settle)
    })
  }

  #beat() {
    this.heart = this.later(() => {
      if (this.stopped) return
      if (this.socket.connected) this.rooms.forEach((room) => this.#catchUp(room))
      this.#beat()
    }, HEARTBEAT_MS)
  }

  #outboxChanged(conversation) {
    this.emitter.emit('outbox', { conversation, entries: this.pending(conversation) })
  }
}
