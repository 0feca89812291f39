/** The live conversation on the reader's side, against a server that loses, repeats, reorders and refuses. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { ChatClient, createOutbox } from '../src/shared/chat.js'
import { FakeSocket, FakeStorage, FakeTimers, settled } from './fakes.js'

const ME = { id: 'citizen-1', kind: 'citizen', name: '李晓梅' }
const TALK = 'talk-1'

let log, socket, timers, storage, fetches, heard, refusal, ids, inFront

/** The server: numbers what is posted, once for each client id, and says it to everybody. */
function server(event, payload) {
  if (event === 'join') return { ok: true, conversation: { id: TALK, state: 'active' } }
  if (event !== 'post') return { ok: true }
  if (refusal) return refusal === 'silence' ? undefined : refusal
  const known = log.find((message) => message.client_id === payload.client_id)
  const message = known ?? say(payload.text, { client_id: payload.client_id, sender: ME })
  return { ok: true, seq: message.seq, id: message.id, at: message.at }
}

function say(text, more = {}) {
  const seq = log.length + 1
  const message = {
    conversation: TALK,
    stream: 'public',
    seq,
    id: `m${seq}`,
    client_id: `c${seq}`,
    kind: 'text',
    text,
    sender: { id: 'officer' },
    at: `2026-11-24T10:00:${String(seq % 60).padStart(2, '0')}.000+08:00`,
    ...more,
  }
  log.push(message)
  return message
}

const api = {
  async get(path, { after_seq: after, limit }) {
    fetches.push(after)
    const items = log.filter((message) => message.seq > after).slice(0, limit)
    const next = items.at(-1)?.seq ?? after
    return { items, next_seq: next, more: next < log.length }
  },
}

function open() {
  const chat = new ChatClient({
    open: () => (socket = new FakeSocket(server)),
    api,
    outbox: createOutbox(storage, ME.id),
    me: ME,
    newId: () => `id-${(ids += 1)}`,
    inFront: () => inFront,
    now: () => 1_000,
    later: timers.later,
    forget: timers.forget,
  })
  chat.on('messages', ({ messages }) => heard.push(...messages.map((message) => message.seq)))
  return chat.start()
}

beforeEach(() => {
  ;[log, fetches, heard, refusal, ids, inFront] = [[], [], [], null, 0, true]
  timers = new FakeTimers()
  storage = new FakeStorage()
})

describe('reading', () => {
  it('joins before it fetches, so that nothing falls between', async () => {
    say('早')
    const chat = open()
    const order = []
    const emit = socket.emit.bind(socket)
    socket.emit = (event, ...rest) => {
      if (event === 'join') order.push('join')
      emit(event, ...rest)
    }
    const get = api.get
    api.get = (...given) => {
      order.push('fetch')
      return get(...given)
    }
    await chat.join(TALK)
    api.get = get
    assert.deepEqual(order, ['join', 'fetch'])
    assert.deepEqual(heard, [1])
  })

  it('drops what it has already seen', async () => {
    const first = say('一')
    const chat = open()
    await chat.join(TALK)
    socket.hear('message', first)
    socket.hear('message', first)
    assert.deepEqual(heard, [1])
  })

  it('fills a gap from the store and keeps the order', async () => {
    say('一')
    const chat = open()
    await chat.join(TALK)
    say('二, lost on the way')
    socket.hear('message', say('三'))
    await settled()
    assert.deepEqual(heard, [1, 2, 3])
  })

  it('catches up after a reconnect', async () => {
    const chat = open()
    await chat.join(TALK)
    socket.drop()
    say('一, said while away')
    say('二, said while away')
    socket.connect()
    await settled()
    assert.deepEqual(heard, [1, 2])
  })

  it('fetches once more when asked while fetching', async () => {
    const chat = open()
    await chat.join(TALK)
    fetches.length = 0
    chat.wake()
    say('said after the first fetch had begun')
    chat.wake()
    await settled()
    assert.equal(fetches.length, 2)
    assert.deepEqual(heard, [1])
  })

  it('finds in the heartbeat what the socket never said', async () => {
    const chat = open()
    await chat.join(TALK)
    say('never emitted')
    await timers.pass(30_000)
    assert.deepEqual(heard, [1])
  })

  it('begins with the last page and grows upwards without a hole', async () => {
    for (let n = 1; n <= 150; n += 1) say(`第 ${n} 条`)
    const chat = open()
    await chat.join(TALK, { lastSeq: 150 })
    assert.equal(heard[0], 91)
    const older = await chat.earlier(TALK)
    assert.deepEqual([older[0].seq, older.at(-1).seq], [31, 90])
    const oldest = await chat.earlier(TALK)
    assert.deepEqual([oldest[0].seq, oldest.at(-1).seq], [1, 30])
    assert.equal(chat.hasEarlier(TALK), false)
  })

  it('tells how far it has read once a moment, not once a message', async () => {
    const chat = open()
    await chat.join(TALK)
    for (let n = 0; n < 5; n += 1) socket.hear('message', say('嗯'))
    chat.read(TALK, 4)
    chat.read(TALK, 5)
    await timers.pass(400)
    assert.deepEqual(socket.of('delivered'), [{ conversation: TALK, seq: 5 }])
    assert.deepEqual(socket.of('read'), [{ conversation: TALK, seq: 5 }])
  })

  it('keeps the staff stream apart, each with its own numbers', async () => {
    const chat = open()
    await chat.join(TALK, { streams: ['public', 'staff'] })
    heard.length = 0
    const notes = []
    chat.on('messages', ({ stream, messages }) => notes.push([stream, messages[0].seq]))
    socket.hear('message', { conversation: TALK, stream: 'staff', seq: 1, kind: 'note', sender: {} })
    socket.hear('message', say('给市民的话'))
    assert.deepEqual(notes, [
      ['staff', 1],
      ['public', 1],
    ])
  })

  it('hands messages of other conversations on instead of mixing them in', async () => {
    const chat = open()
    await chat.join(TALK)
    const elsewhere = []
    chat.on('elsewhere', (message) => elsewhere.push(message.conversation))
    socket.hear('message', { conversation: 'talk-2', stream: 'public', seq: 1 })
    assert.deepEqual([elsewhere, heard], [['talk-2'], []])
    assert.deepEqual(socket.of('delivered'), [{ conversation: 'talk-2', seq: 1 }])
  })

  it('has nothing delivered while nobody can be looking, and tells when somebody is back', async () => {
    const chat = open()
    await chat.join(TALK)
    inFront = false
    socket.hear('message', say('在后台'))
    await timers.pass(400)
    assert.deepEqual(socket.of('delivered'), [])
    inFront = true
    chat.wake()
    await timers.pass(400)
    assert.deepEqual(socket.of('delivered'), [{ conversation: TALK, seq: 1 }])
  })
})

describe('sending', () => {
  it('shows a message once, whether the emit or the acknowledgement comes first', async () => {
    const chat = open()
    await chat.join(TALK)
    chat.post(TALK, { kind: 'text', text: '在吗' })
    await settled()
    socket.hear('message', log[0])
    assert.deepEqual(heard, [1])
    assert.deepEqual(chat.pending(TALK), [])
  })

  it('keeps the client id over retries, and the server stores it once', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = { ok: false, code: 'unavailable', retry_after: 2 }
    chat.post(TALK, { kind: 'text', text: '一次就好' })
    await settled()
    refusal = null
    await timers.pass(2_000)
    const posted = socket.of('post')
    assert.equal(posted.length, 2)
    assert.equal(posted[0].client_id, posted[1].client_id)
    assert.equal(log.length, 1)
  })

  it('sends again what was never acknowledged, and learns that it had arrived', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = 'silence'
    chat.post(TALK, { kind: 'text', text: '答复丢了' })
    await settled()
    say('答复丢了', { client_id: 'id-1', sender: ME })
    refusal = null
    socket.drop()
    await settled()
    socket.connect()
    await settled()
    assert.deepEqual([heard, log.length, chat.pending(TALK)], [[1], 1, []])
  })

  it('keeps what is written without a network, over a reload, and sends it in order', async () => {
    const before = open()
    await before.join(TALK)
    socket.drop()
    before.post(TALK, { kind: 'text', text: '先' })
    before.post(TALK, { kind: 'text', text: '后' })
    assert.equal(log.length, 0)
    before.stop()

    const after = open()
    await after.join(TALK)
    await settled()
    assert.deepEqual(
      log.map((message) => message.text),
      ['先', '后'],
    )
    assert.deepEqual(after.pending(TALK), [])
  })

  it('marks what is refused for good, and lets the next one pass', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = { ok: false, code: 'conversation_closed', detail: '这次咨询已结束。' }
    chat.post(TALK, { kind: 'text', text: '太晚了' })
    await settled()
    const [entry] = chat.pending(TALK)
    assert.deepEqual([entry.state, entry.detail], ['failed', '这次咨询已结束。'])
    refusal = null
    chat.post(TALK, { kind: 'text', text: '另一句' })
    await settled()
    assert.deepEqual(
      log.map((message) => message.text),
      ['另一句'],
    )
    chat.retry(entry.client_id)
    await settled()
    assert.deepEqual([log.at(-1).text, chat.pending(TALK)], ['太晚了', []])
  })

  it('never overtakes: the second waits for the first', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = 'silence'
    chat.post(TALK, { kind: 'text', text: '一' })
    chat.post(TALK, { kind: 'text', text: '二' })
    await settled()
    assert.equal(socket.of('post').length, 1)
  })

  it('sends the earlier message first when the server misses it, then the later one, in order', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = 'silence'
    chat.post(TALK, { kind: 'text', text: '一' })
    await settled()
    refusal = { ok: false, code: 'earlier_unknown', retry_after: 1, earlier: 'id-1' }
    chat.post(TALK, { kind: 'text', text: '二' })
    await timers.pass(8_000)
    refusal = null
    await timers.pass(8_000)
    assert.deepEqual(
      log.map((message) => message.text),
      ['一', '二'],
    )
    assert.equal(chat.pending(TALK).length, 0)
  })

  it('begins a new connection when the server waits for a message that is no longer here', async () => {
    const chat = open()
    await chat.join(TALK)
    const joins = socket.of('join').length
    refusal = { ok: false, code: 'earlier_unknown', retry_after: 1, earlier: 'deleted-in-another-tab' }
    chat.post(TALK, { kind: 'text', text: '还在' })
    refusal = null
    await settled()
    await timers.pass(1_000)
    assert.equal(socket.of('join').length, joins + 1)
    assert.deepEqual(
      log.map((message) => message.text),
      ['还在'],
    )
  })

  it('takes an empty acknowledgement for none, and sends again', async () => {
    const chat = open()
    await chat.join(TALK)
    refusal = null
    const serve = socket.server
    socket.server = () => null
    chat.post(TALK, { kind: 'text', text: '不能丢' })
    await settled()
    assert.equal(chat.pending(TALK).length, 1)
    socket.server = serve
    await timers.pass(1_000)
    assert.deepEqual(
      log.map((message) => message.text),
      ['不能丢'],
    )
  })

  it('keeps the outboxes of two people on one device apart', () => {
    createOutbox(storage, 'a').put({ client_id: '1', order: 1 })
    createOutbox(storage, 'b').put({ client_id: '2', order: 1 })
    createOutbox(storage, 'a').clear()
    assert.equal(createOutbox(storage, 'a').all().length, 0)
    assert.equal(createOutbox(storage, 'b').all().length, 1)
  })
})

describe('the door', () => {
  it('asks who we are when the token is refused, then knocks again', async () => {
    open()
    const asked = []
    const get = api.get
    api.get = async (path) => asked.push(path)
    socket.connected = false
    socket.active = false
    socket.hear('connect_error', Object.assign(new Error('登录已过期'), { data: { code: 'token_bad' } }))
    await timers.pass(20_000)
    api.get = get
    assert.deepEqual(asked, ['/v1/me'])
    assert.equal(socket.connected, true)
  })

  it('says that too many windows are open until one is closed and it is let in', async () => {
    const chat = open()
    const seen = []
    chat.on('connection', (up) => seen.push([up, chat.crowded]))
    socket.connected = false
    socket.active = false
    socket.hear(
      'connect_error',
      Object.assign(new Error('太多'), { data: { code: 'too_many_lines', retry_after: 10 } }),
    )
    await timers.pass(20_000)
    assert.deepEqual(seen, [
      [false, true],
      [true, false],
    ])
  })

  it('refuses an act while away instead of doing it late', async () => {
    const chat = open()
    socket.drop()
    await assert.rejects(chat.act('claim', { conversation: TALK }), { code: 'offline' })
    assert.deepEqual(socket.of('claim'), [])
  })
})
