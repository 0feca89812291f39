// The peer of `bench_relay`: the same persisted relay by Node, socket.io and the official driver of MongoDB.
//
//   node peer.mjs PAGES MONGODB_URI DATABASE PEOPLE plain|grouped
//
// PEOPLE is a file, {token: {id, kind, name}}. Prints {base} and serves. It does of `/chat` what the bench asks: a token at
// connect, `join`, `post`, and `GET /v1/conversations/ID/messages?after_seq=`. Rows, rooms, acknowledgement and event
// are those of the chat, and so are the promises: unique indexes, a majority and the journal before the
// acknowledgement, the members checked from memory. It has no roles, limits, masking, cards or notes.
//
// plain: one insertOne a message. grouped: what comes while a write is in flight is written together after it.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const [, , pages, uri, database, people, mode] = process.argv;
const require = createRequire(join(pages, "package.json"));
const { Server } = require("socket.io");
const { MongoClient } = require("mongodb");

const MOST_ROWS = 200;
const REMEMBERED_MS = 60_000;
const TAKEN = 11000;

const known = new Map(Object.entries(JSON.parse(readFileSync(people, "utf8"))));
const client = new MongoClient(uri, { writeConcern: { w: "majority", journal: true }, readConcern: { level: "majority" } });
await client.connect();
const store = client.db(database);
const messages = store.collection("messages");
const conversations = store.collection("conversations");

// -- numbers and writes ---------------------------------------------------------------------------

const last = new Map(); // conversation -> its highest number

async function number(row) {
  if (last.get(row.conversation) === undefined) {
    const found = await highest(row.conversation);
    if (last.get(row.conversation) === undefined) last.set(row.conversation, found); // unless another was quicker
  }
  row.seq = last.get(row.conversation) + 1;
  last.set(row.conversation, row.seq);
}

async function highest(conversation) {
  const found = await messages.find({ conversation, stream: "public" }).sort({ seq: -1 }).limit(1).toArray();
  return found.length ? found[0].seq : 0;
}

/** What is stored under the client ids of these rows; the numbers of their streams are forgotten. */
async function stored(rows) {
  for (const row of rows) last.delete(row.conversation);
  const found = await messages.find({ client_id: { $in: rows.map((row) => row.client_id) } }).toArray();
  return new Map(found.map((row) => [row.client_id, row]));
}

async function writePlain(row) {
  try {
    await number(row);
    await messages.insertOne(row);
    return row;
  } catch (error) {
    const before = (await stored([row])).get(row.client_id);
    if (before) return before;
    throw error;
  }
}

let line = [];
let writing = false;

function writeGrouped(row) {
  return new Promise((resolve, reject) => {
    line.push({ row, resolve, reject });
    if (!writing) flush();
  });
}

async function flush() {
  writing = true;
  while (line.length) {
    const batch = line.slice(0, MOST_ROWS);
    line = line.slice(MOST_ROWS);
    await commit(batch);
  }
  writing = false;
}

async function commit(batch) {
  const rows = batch.map((entry) => entry.row);
  try {
    for (const row of rows) {
      if (last.has(row.conversation)) row.seq = last.get(row.conversation) + 1;
      else row.seq = (await highest(row.conversation)) + 1;
      last.set(row.conversation, row.seq);
    }
    const streams = new Set(rows.map((row) => row.conversation));
    await messages.insertMany(rows, { ordered: streams.size < rows.length });
    for (const { row, resolve } of batch) resolve(row);
  } catch (error) {
    const before = await stored(rows).catch(() => new Map());
    for (const { row, resolve, reject } of batch) before.has(row.client_id) ? resolve(before.get(row.client_id)) : reject(error);
  }
}

const write = mode === "grouped" ? writeGrouped : writePlain;

// -- who is in a conversation ---------------------------------------------------------------------

const standings = new Map();

async function standing(id) {
  const kept = standings.get(id);
  if (kept && Date.now() - kept.at < REMEMBERED_MS) return kept.found;
  const found = await conversations.findOne({ _id: id });
  standings.set(id, { at: Date.now(), found });
  return found;
}

function isMember(found, actor) {
  return found && (found.citizen.id === actor.id || (found.officer && found.officer.id === actor.id));
}

// -- the socket -------------------------------------------------------------------------------------

const http = createServer(catchUp);
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, pingInterval: 25_000, pingTimeout: 20_000, maxHttpBufferSize: 32 * 1024 });
const chat = io.of("/chat");

chat.use((socket, next) => {
  const actor = known.get(socket.handshake.auth.token);
  if (!actor) return next(new Error("token_bad"));
  socket.data.actor = actor;
  next();
});

chat.on("connection", (socket) => {
  const actor = socket.data.actor;
  socket.join(`member:${actor.id}`);

  socket.on("join", async (body, acknowledge) => {
    const found = await standing(body.conversation);
    if (!isMember(found, actor)) return acknowledge({ ok: false, code: "not_found" });
    socket.join(found._id);
    acknowledge({ ok: true, conversation: { id: found._id, state: found.state, last_seq: await highest(found._id) } });
  });

  socket.on("post", async (body, acknowledge) => {
    const found = await standing(body.conversation);
    if (!isMember(found, actor)) return acknowledge({ ok: false, code: "not_found" });
    if (typeof body.text !== "string" || !body.text.trim() || body.text.length > 2000) {
      return acknowledge({ ok: false, code: "bad_fields" });
    }
    try {
      const row = await write(rowOf(found, actor, body));
      const shown = shownOf(row, actor);
      const rooms = [found._id, `member:${found.citizen.id}`];
      if (found.officer) rooms.push(`member:${found.officer.id}`);
      chat.to(rooms).emit("message", shown);
      acknowledge({ ok: true, seq: shown.seq, id: shown.id, at: shown.at, stream: shown.stream });
    } catch (error) {
      acknowledge({ ok: false, code: error.code === TAKEN ? "again" : "unavailable" });
    }
  });
});

function rowOf(found, actor, body) {
  return {
    _id: randomUUID(),
    v: 1,
    conversation: found._id,
    stream: "public",
    client_id: body.client_id,
    kind: "text",
    sender: { id: actor.id, kind: actor.kind, name: actor.kind === "staff" ? actor.name : "" },
    at: new Date(),
    text: body.text,
  };
}

function shownOf(row, actor) {
  const { _id, conversation, stream, seq, client_id, kind, sender, at, text } = row;
  return { conversation, stream, seq, id: _id, client_id, kind, sender: { ...sender, name: actor.name }, at: at.toISOString(), text };
}

// -- catching up over HTTP ------------------------------------------------------------------------

async function catchUp(request, response) {
  const url = new URL(request.url, "http://peer");
  if (url.pathname === "/readyz") return response.end("ready\n");
  const wanted = /^\/v1\/conversations\/([^/]+)\/messages$/.exec(url.pathname);
  const actor = known.get((request.headers.authorization ?? "").replace("Bearer ", ""));
  const found = wanted && actor && (await standing(wanted[1]));
  if (!isMember(found, actor)) {
    response.statusCode = 404;
    return response.end();
  }
  const after = Number(url.searchParams.get("after_seq"));
  const rows = await messages.find({ conversation: found._id, stream: "public", seq: { $gt: after } }).sort({ seq: 1 }).limit(200).toArray();
  const items = rows.map((row) => shownOf(row, row.sender));
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ items, next_seq: items.length ? items.at(-1).seq : after, more: false }));
}

http.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ base: `http://127.0.0.1:${http.address().port}` })));
