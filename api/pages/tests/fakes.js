/** What the tests of the shared modules stand on: a storage, a socket and a clock that do only what they are told. */

/** A Storage as browsers have it. */
export class FakeStorage {
  #items = new Map()
  get length() {
    return this.#items.size
  }
  key(at) {
    return [...this.#items.keys()][at] ?? null
  }
  getItem(key) {
    return this.#items.get(key) ?? null
  }
  setItem(key, value) {
    this.#items.set(key, String(value))
  }
  removeItem(key) {
    this.#items.delete(key)
  }
}

/** A socket.io client socket without a network: `server(event, payload)` answers what is emitted (undefined: never). */
export class FakeSocket {
  connected = false
  active = true
  sent = []
  listeners = new Map()
  constructor(server) {
    this.server = server
  }
  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener])
  }
  emit(event, payload, acknowledge) {
    this.sent.push({ event, payload })
    const answer = this.server(event, payload)
    if (answer !== undefined) queueMicrotask(() => acknowledge?.(answer))
  }
  hear(event, payload) {
    this.listeners.get(event)?.forEach((listener) => listener(payload))
  }
  connect() {
    this.connected = true
    this.hear('connect')
  }
  disconnect() {
    this.drop('io client disconnect')
  }
  drop(reason = 'transport close') {
    this.connected = false
    this.hear('disconnect', reason)
  }
  of(event) {
    return this.sent.filter((one) => one.event === event).map((one) => one.payload)
  }
}

/** Timers that fire when the test says so. */
export class FakeTimers {
  waiting = new Map()
  next = 1
  later = (act, ms) => {
    this.waiting.set(this.next, { act, ms })
    return this.next++
  }
  forget = (timer) => this.waiting.delete(timer)
  /** Fire what waits for at most `ms`. */
  async pass(ms) {
    for (const [id, timer] of [...this.waiting]) {
      if (timer.ms > ms) continue
      this.waiting.delete(id)
      timer.act()
    }
    await settled()
  }
}

/** Until every promise that can go on has gone on. */
export const settled = () => new Promise((resolve) => setImmediate(resolve))
