"""What the processes tell one another through Redis: what each emits, and log-ins that end.

Redis only spares waiting: what it loses, each process finds in the store (`Chat.beat`). So nobody ever waits for it.
What is to be published lies in a bounded line of its own, and goes out in batches; a full line drops.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import redis
import socketio

from chat.ports import Document

log = logging.getLogger("circle.chat")

MOST_WAITING = 20_000
MOST_AT_ONCE = 200
CONNECT_SECONDS = 1.0
SEND_SECONDS = 2.0
AGAIN_SECONDS = 1.0

Hear = Callable[[Document], None]


class Relay(socketio.RedisManager):
    """Socket.IO's client manager over Redis. `hear` is shown every emit of another process, before it is passed on;
    `word` gets what another process said by `say`."""

    def __init__(self, url: str, *, hear: Hear, word: Hear) -> None:
        super().__init__(url, channel="circle.chat")
        self._hear, self._word = hear, word
        self._line: queue.Queue[Document] = queue.Queue(MOST_WAITING)
        self._begun = threading.Lock()

    def say(self, word: Document) -> None:
        """A word to the other processes themselves."""
        self._publish({"method": "word", "word": word})

    def _publish(self, data: Document) -> None:
        if self._begun.acquire(blocking=False):  # by the first word and not before: a server may fork in between
            self.server.start_background_task(self._send)
        try:
            self._line.put_nowait(data)
        except queue.Full:
            log.warning("Redis does not keep up: a word was dropped")

    def _send(self) -> None:
        out = redis.Redis.from_url(self.redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=SEND_SECONDS)
        while True:
            batch = [self._line.get()]
            while len(batch) < MOST_AT_ONCE and not self._line.empty():
                batch.append(self._line.get_nowait())
            try:
                out.publish(self.channel, self.json.dumps({"from": self.host_id, "batch": batch}))
            except redis.RedisError as error:
                log.warning("nothing goes out through Redis: %s", error)

    def _listen(self) -> Iterator[Any]:
        while True:
            try:
                yield from self._subscribed()
            except redis.RedisError as error:
                log.warning("nothing comes in through Redis: %s", error)
            self.server.sleep(AGAIN_SECONDS)

    def _subscribed(self) -> Iterator[Any]:
        source = redis.Redis.from_url(
            self.redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_keepalive=True, socket_timeout=None
        )
        with source, source.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(self.channel)
            for told in channel.listen():
                batch = self.json.loads(told["data"])
                if batch["from"] != self.host_id:
                    yield from filter(self._is_for_clients, batch["batch"])

    def _is_for_clients(self, one: Document) -> bool:
        if one["method"] == "word":
            self._word(one["word"])
            return False
        if one["method"] == "emit":
            self._hear(one)
        return True
