// What a client may rely on, said with the genuine socket.io-client. conformance.py says the same with the Python client.
//
//   node conformance.mjs PAGES '{"base": "http://…", "citizen": token, "other": token, "officer": token}'
//
// PAGES is the folder whose node_modules hold socket.io-client. Ends with "conforms", or with the first thing that does not.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'

const [, , pages, told] = process.argv
const { base, ...tokens } = JSON.parse(told)
const { io } = createRequire(path.join(path.resolve(pages), 'package.json'))('socket.io-client')
const open = []

/** A connection that keeps all it hears. */
function connect(who) {
  const socket = io(`${base}/chat`, { auth: { token: tokens[who] ?? who }, transports: ['websocket'], forceNew: true, reconnection: false })
  socket.heard = []
  socket.onAny((event, payload) => socket.heard.push([event, payload]))
  open.push(socket)
  return socket
}

const connected = (socket) => new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject))
const ask = (socket, event, body) => socket.timeout(60_000).emitWithAck(event, body)
const text = (conversation, words) => ({ conversation, client_id: randomUUID(), kind: 'text', text: words })

async function hears(socket, wanted) {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    const found = socket.heard.find(([event, payload]) => wanted(event, payload))
    if (found) return found[1]
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`not heard: ${wanted}`)
}

async function http(who, method, path_, body) {
  const headers = { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() }
  const response = await fetch(base + path_, { method, headers, body: body && JSON.stringify(body) })
  return [response.status, await response.json()]
}

const catchUp = async (who, conversation, after) => (await http(who, 'GET', `/v1/conversations/${conversation}/messages?after_seq=${after}`))[1].items
const messages = (socket, conversation) => socket.heard.filter(([event, m]) => event === 'message' && m.conversation === conversation).map(([, m]) => m)

try {
  // A bad token is refused at the door, in words.
  const stranger = connect('no such token')
  const refusal = await connected(stranger).then(() => assert.fail('let in'), (error) => error)
  assert.equal(refusal.data.code, 'token_bad')
  assert.match(refusal.message, /登录/)

  // A question is opened over HTTP, joined and claimed over the socket.
  const [status, talk] = await http('citizen', 'POST', '/v1/conversations', { text: '要带什么？' })
  assert.deepEqual([status, talk.state, talk.last_seq], [201, 'queued', 2])
  const citizen = connect('citizen')
  const officer = connect('officer')
  await Promise.all([connected(citizen), connected(officer)])
  for (const socket of [citizen, officer]) {
    const joined = await ask(socket, 'join', { conversation: talk.id, after_seq: 0 })
    assert.deepEqual([joined.ok, joined.conversation.id], [true, talk.id])
  }
  const claimed = await ask(officer, 'claim', { conversation: talk.id })
  assert.deepEqual([claimed.ok, claimed.conversation.state, claimed.conversation.officer.name], [true, 'active', '王窗口'])
  assert.equal((await hears(citizen, (event) => event === 'assigned')).officer.name, '王窗口')
  assert.equal((await hears(citizen, (event, p) => event === 'state' && p.state === 'active')).version, 2)

  // Sent without waiting: acknowledged, numbered and heard in their order, each once.
  const sent = Array.from({ length: 30 }, (_, n) => text(talk.id, `第 ${n} 句`))
  const acks = await Promise.all(sent.map((body) => ask(citizen, 'post', body)))
  assert.deepEqual(acks.map((ack) => ack.seq), sent.map((_, n) => n + 4))
  assert.ok(acks.every((ack) => ack.ok && ack.id && ack.at.endsWith('+08:00')))
  await hears(officer, (event, m) => event === 'message' && m.seq === 33)
  assert.deepEqual(messages(officer, talk.id).map((m) => m.seq), Array.from({ length: 31 }, (_, n) => n + 3))
  assert.deepEqual(messages(officer, talk.id).slice(1).map((m) => m.client_id), sent.map((body) => body.client_id))
  assert.deepEqual(await catchUp('officer', talk.id, 3), messages(officer, talk.id).slice(1))

  // A repeat is answered as the first was.
  assert.deepEqual(await ask(citizen, 'post', sent[7]), acks[7])

  // A note is for the staff alone.
  const note = await ask(officer, 'post', { ...text(talk.id, '老客户'), kind: 'note' })
  assert.deepEqual([note.ok, note.stream, note.seq], [true, 'staff', 1])
  assert.equal((await hears(officer, (event, m) => m.stream === 'staff')).text, '老客户')
  assert.equal((await http('citizen', 'GET', `/v1/conversations/${talk.id}/messages?stream=staff`))[0], 404)

  // What is wrong is refused in words, and the connection stays.
  const long = await ask(citizen, 'post', text(talk.id, '字'.repeat(2001)))
  assert.deepEqual([long.ok, long.code, Object.keys(long.errors)], [false, 'bad_fields', ['text']])
  for (const half of ['\ud83c', 'a\udc00']) assert.equal((await ask(citizen, 'post', text(talk.id, half))).code, 'bad_fields')
  for (const body of [null, 'x', [1]]) assert.equal((await ask(citizen, 'post', body)).code, 'bad_fields')
  for (const id of ['nowhere', { $ne: 1 }, 7]) assert.equal((await ask(citizen, 'join', { conversation: id })).code, 'not_found')
  assert.equal((await ask(citizen, 'claim', { conversation: talk.id })).code, 'role_wrong')

  // It is not there for another citizen.
  const other = connect('other')
  await connected(other)
  for (const event of ['join', 'post', 'read', 'delivered', 'typing', 'close']) {
    assert.equal((await ask(other, event, { ...text(talk.id, '我呢'), seq: 1 })).code, 'not_found', event)
  }

  // Receipts and typing reach the other side.
  assert.ok((await ask(citizen, 'read', { conversation: talk.id, seq: 33 })).ok)
  assert.equal((await hears(officer, (event) => event === 'receipt')).read_seq, 33)
  citizen.emit('typing', { conversation: talk.id })
  assert.equal((await hears(officer, (event) => event === 'typing')).member.name, '张三')

  // Gone and back: what was missed is caught up, joined first and fetched then.
  citizen.disconnect()
  for (const n of [1, 2, 3]) assert.ok((await ask(officer, 'post', text(talk.id, `答 ${n}`))).ok)
  const back = connect('citizen')
  await connected(back)
  assert.equal((await ask(back, 'join', { conversation: talk.id })).conversation.unread, 3)
  assert.deepEqual((await catchUp('citizen', talk.id, 33)).map((m) => m.text), ['答 1', '答 2', '答 3'])

  // Left, a citizen still hears on every device; closed, nothing more is said until it is reopened.
  assert.ok((await ask(back, 'leave', { conversation: talk.id })).ok)
  assert.ok((await ask(officer, 'close', { conversation: talk.id, reason: '已答复' })).ok)
  assert.equal((await hears(back, (event, p) => event === 'state' && p.state === 'closed')).closed.reason, '已答复')
  assert.equal((await hears(back, (event, m) => m.event?.type === 'closed')).seq, 37)
  assert.equal((await ask(back, 'post', text(talk.id, '还有'))).code, 'conversation_closed')

  // And no citizen ever heard a word of the staff stream, nor anything of another's talk.
  for (const socket of [citizen, back]) assert.ok(!JSON.stringify(socket.heard).includes('老客户'))
  assert.deepEqual(other.heard, [])
  console.log('conforms')
} finally {
  open.forEach((socket) => socket.disconnect())
}
