"""A client after the book, as api/pages/src/shared/chat.js is one, which keeps a record of all that it was promised.

For processes patched by gevent. It sends one message after the other under a client id that stays, until it is
acknowledged, or (`pour`) many without waiting; drops the line, sends twice, and asks again for what it knows, as its
dice say.
"""

import json
import random
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Any
from uuid import UUID

import gevent
import socketio
from gevent.event import AsyncResult

PATH = "/chat"
PATIENCE = 8
LONG_PATIENCE = 30
PASSING = {"unavailable", "timeout", "token_bad", "earlier_unknown"}
WINDOW = 12
"""How much a client that does not wait may have sent without an acknowledgement."""

COUNTED = ("connections", "dropped", "sent", "again", "fetched", "heard", "gone_back", "unanswered")

Place = tuple[str, str]


class Phone:
    """Somebody with one device. `talks` are followed; `bases` are the processes, of which any will do."""

    def __init__(self, token: str, bases: list[str], talks: list[str], seed: int) -> None:
        self.token, self.bases, self.talks = token, bases, talks
        self.dice = random.Random(seed)
        self.views: dict[Place, list[dict[str, Any]]] = {}
        self.ahead: dict[Place, dict[int, dict[str, Any]]] = {}
        self.promised: dict[str, tuple[str, str, int]] = {}
        self.made: dict[Place, list[str]] = {}
        self.counts = dict.fromkeys(COUNTED, 0)
        self.wrong: list[str] = []
        self.streams = ("public", "staff") if token.startswith("officer") else ("public",)
        self.client: Any = None
        self.ended = False
        self._filling: set[Place] = set()
        self._asked: set[AsyncResult] = set()

    # -- the line ----------------------------------------------------------------

    def live(self) -> None:
        """Stay connected until ended: whenever the line breaks, another one to any of the processes."""
        while not self.ended:
            client = socketio.Client(reconnection=False)
            client.on("message", self._take, namespace=PATH)
            try:
                base = self.dice.choice(self.bases)
                client.connect(base, auth={"token": self.token}, namespaces=[PATH], transports=["websocket"])
            except (socketio.exceptions.SocketIOError, OSError):
                gevent.sleep(self.dice.uniform(0.05, 0.5))
                continue
            self.counts["connections"] += 1
            self.client = client
            self._enter(client)
            client.wait()
            self.client = None
            self._nobody_answers()

    def drop(self) -> None:
        """Be gone, as a phone in a lift: without a word."""
        client, self.client = self.client, None
        if client is not None and client.connected:
            self.counts["dropped"] += 1
            with suppress(Exception):
                client.eio.ws.abort()
            self._nobody_answers()

    def end(self) -> None:
        """Hang up for good."""
        self.ended = True
        self.drop()

    def _enter(self, client: Any) -> None:
        """First the rooms, then the look."""
        for talk in self.talks:
            with suppress(socketio.exceptions.SocketIOError):
                client.emit("join", {"conversation": talk}, namespace=PATH)
        for talk in self.talks:
            for stream in self.streams:
                gevent.spawn(self.fill, (talk, stream))

    # -- what is heard -------------------------------------------------------------

    def _take(self, message: dict[str, Any]) -> None:
        self.counts["heard"] += 1
        place = message["conversation"], message["stream"]
        if place[1] not in self.streams or place[0] not in self.talks:
            self.wrong.append(f"heard what is not theirs: {message}")
            return
        self._merge(place, [message])
        if self.ahead.get(place):
            gevent.spawn(self.fill, place)

    def _merge(self, place: Place, messages: list[dict[str, Any]]) -> None:
        view, ahead = self.views.setdefault(place, []), self.ahead.setdefault(place, {})
        for one in messages:
            if one["seq"] > len(view):
                ahead[one["seq"]] = one
        while len(view) + 1 in ahead:
            view.append(ahead.pop(len(view) + 1))

    def fill(self, place: Place) -> None:
        """Fetch what is missing of a stream, as far as the network goes."""
        if place in self._filling:
            return
        self._filling.add(place)
        try:
            more = True
            while more:
                known = len(self.views.get(place, []))
                query = f"after_seq={known}&limit=200&stream={place[1]}"
                page = self.get(f"/v1/conversations/{place[0]}/messages?{query}")
                if page is None:
                    if self.ended or self.wrong:
                        return
                    gevent.sleep(self.dice.uniform(0.1, 0.5))
                    continue
                self.counts["fetched"] += len(page["items"])
                self._merge(place, page["items"])
                more = page["more"]
        finally:
            self._filling.discard(place)

    def get(self, path: str, body: Any = None, **headers: str) -> Any:
        """One request of any process; None where it went wrong."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.dice.choice(self.bases) + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code < 500:
                    self.wrong.append(f"{path}: {error.code} {error.read()[:200]!r}")
            return None
        except (OSError, ValueError):
            return None

    # -- what is said ----------------------------------------------------------------

    def say(self, talk: str, words: str, kind: str = "text") -> None:
        """Send until acknowledged; sometimes twice at once, into a line that breaks, or again later."""
        post = self._post(talk, words, kind)
        ack = self._until_acknowledged(post)
        stream = "staff" if kind == "note" else "public"
        self.promised[post["client_id"]] = talk, stream, ack["seq"]
        if self.dice.random() < 0.02:
            self.counts["again"] += 1
            again = self._until_acknowledged(post)
            if again["seq"] != ack["seq"]:
                self.wrong.append(f"another number for the same message: {ack} {again}")

    def pour(self, talk: str, words: list[str]) -> None:
        """Send all of it without waiting for acknowledgements, some at a time; what was not acknowledged is sent again,
        from the first of it on and in the old order."""
        waiting = [self._post(talk, each, "text") for each in words]
        while waiting:
            client = self.client
            if client is None or not client.connected:
                gevent.sleep(self.dice.uniform(0.02, 0.3))
                continue
            some = waiting[: self.dice.randint(1, WINDOW)]
            acks = self._burst(client, some)
            for post, ack in zip(some, acks, strict=True):
                if ack.get("ok"):
                    self.promised[post["client_id"]] = talk, "public", ack["seq"]
                elif ack["code"] not in PASSING and not ack.get("retry_after"):
                    raise AssertionError(f"refused: {ack}")
            passed = sum(bool(ack.get("ok")) for ack in acks)
            waiting = [post for post in waiting if post["client_id"] not in self.promised]
            if passed < len(some):
                self.counts["gone_back"] += 1
                gevent.sleep(self.dice.uniform(0.02, 0.3))

    def _burst(self, client: Any, posts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Send posts one behind the other, sometimes into a line that breaks; gives their acknowledgements."""
        answers: list[AsyncResult] = []
        breaks_after = self.dice.randrange(len(posts)) if self.dice.random() < 0.02 else None
        for number, post in enumerate(posts):
            answer = AsyncResult()
            answers.append(answer)
            self._asked.add(answer)
            self.counts["sent"] += 1
            with suppress(socketio.exceptions.SocketIOError, OSError):
                client.emit("post", post, namespace=PATH, callback=answer.set)
            if number == breaks_after:
                self.drop()
        gevent.wait(answers, timeout=LONG_PATIENCE)
        self._asked.difference_update(answers)
        if client is self.client and client.connected:
            self.counts["unanswered"] += sum(not answer.ready() for answer in answers)
        return [answer.value or {"ok": False, "code": "timeout"} for answer in answers]

    def _post(self, talk: str, words: str, kind: str) -> dict[str, Any]:
        """A new post, noted in the order in which they are made."""
        client_id = str(UUID(int=self.dice.getrandbits(128), version=4))
        self.made.setdefault((talk, "staff" if kind == "note" else "public"), []).append(client_id)
        return {"conversation": talk, "client_id": client_id, "kind": kind, "text": words}

    def _until_acknowledged(self, post: dict[str, Any]) -> dict[str, Any]:
        while True:
            ack = self._try(post)
            if ack.get("ok"):
                return ack
            if ack["code"] not in PASSING and not ack.get("retry_after"):
                raise AssertionError(f"refused: {ack}")
            gevent.sleep(self.dice.uniform(0.02, 0.3))

    def _try(self, post: dict[str, Any]) -> dict[str, Any]:
        client = self.client
        if client is None or not client.connected:
            return {"ok": False, "code": "unavailable"}
        self.counts["sent"] += 1
        luck = self.dice.random()
        try:
            if luck < 0.05:
                self.counts["again"] += 1
                client.emit("post", post, namespace=PATH)
            if luck > 0.99:
                client.emit("post", post, namespace=PATH)
                self.drop()
                return {"ok": False, "code": "timeout"}
            return self._ask(client, post)
        except (socketio.exceptions.SocketIOError, OSError):
            return {"ok": False, "code": "timeout"}

    def _ask(self, client: Any, post: dict[str, Any]) -> dict[str, Any]:
        """The acknowledgement; given up when the line breaks or after a while."""
        answer: AsyncResult = AsyncResult()
        self._asked.add(answer)
        try:
            client.emit("post", post, namespace=PATH, callback=answer.set)
            return answer.get(timeout=PATIENCE) or {"ok": False, "code": "timeout"}
        except gevent.Timeout:
            return {"ok": False, "code": "timeout"}
        finally:
            self._asked.discard(answer)

    def _nobody_answers(self) -> None:
        for answer in list(self._asked):
            answer.set({"ok": False, "code": "timeout"})
