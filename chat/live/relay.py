"""The relay between processes through Redis: what each emits, and commands such as to end a log-in's connections.

Redis only saves time: what it loses, each process reads from the store (`Chat.catch_up`). So nobody ever waits for it:
what is to be published lies in a bounded queue and goes out in batches; a full queue drops.
"""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import redis
import socketio
from redis.backoff import NoBackoff
from redis.retry import Retry

from chat.ports import Document

log = logging.getLogger("circle.chat")

MOST_WAITING = 20_000
MOST_AT_ONCE = 200
CONNECT_SECONDS = 1.0
SEND_SECONDS = 2.0
ANSWER_SECONDS = 2.0
END_SECONDS = 5.0
"""How long the end waits for the listener at most; its thread then dies with the process."""
AGAIN_SECONDS = 1.0
WAKE_SECONDS = 1.0
"""How long the listener may take to notice the end."""

Listener = Callable[[Document], None]


class Relay(socketio.RedisManager):
    """Socket.IO's client manager over Redis. `on_emit` is called with every emit of another process before it is passed
    on, `on_command` with what another process sent by `send_command`."""

    def __init__(self, url: str, *, on_emit: Listener, on_command: Listener) -> None:
        super().__init__(url, channel="circle.chat")
        self.thread: Any = None
        self._on_emit, self._on_command = on_emit, on_command
        self._queue: queue.Queue[Document] = queue.Queue(MOST_WAITING)
        self._begun, self._ended = threading.Lock(), threading.Event()

    def send_command(self, command: Document) -> None:
        """Send a command to the other processes; their clients do not see it."""
        self._publish({"method": "word", "word": command})

    def _publish(self, data: Document) -> None:
        if self._begun.acquire(blocking=False):  # by the first message and not before: a server may fork in between
            self.server.start_background_task(self._send)
        try:
            self._queue.put_nowait(data)
        except queue.Full:
            log.warning("Redis does not keep up: a message was dropped")

    def _send(self) -> None:
        out = redis.Redis.from_url(self.redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=SEND_SECONDS)
        while True:
            batch = [self._queue.get()]
            while len(batch) < MOST_AT_ONCE and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                out.publish(self.channel, self.json.dumps({"from": self.host_id, "batch": batch}))
            except redis.RedisError as error:
                log.warning("nothing goes out through Redis", extra={"error": type(error).__name__})

    def end(self) -> None:
        """End the thread that listens: what others send needs the store no more."""
        self._ended.set()
        if self.thread is not None:
            self.thread.join(END_SECONDS)

    def _thread(self) -> None:
        """Listen until the end. The library's own way would log an error there, and what a stranger's bytes hold."""
        while not self._ended.is_set():
            try:
                self._listen()
            except Exception as error:
                log.warning("nothing comes in through Redis", extra={"error": type(error).__name__})
                self._ended.wait(AGAIN_SECONDS)

    def _listen(self) -> None:
        source = redis.Redis.from_url(
            self.redis_url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_keepalive=True,
            socket_timeout=ANSWER_SECONDS,  # of what it is asked; a message is waited for as `get_message` is told
            retry=Retry(NoBackoff(), 0),  # `_thread` tries again itself, and looks whether the end has come
        )
        with source, source.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(self.channel)
            while not self._ended.is_set():
                packet = channel.get_message(timeout=WAKE_SECONDS)
                if packet is not None:
                    self._take(self.json.loads(packet["data"]))

    def _take(self, sent: Document) -> None:
        """Take what one process sent at once; what fails costs the others of its batch nothing."""
        if sent["from"] == self.host_id:
            return
        for message in sent["batch"]:
            try:
                self._take_one(message)
            except Exception:
                log.exception("what another process sent was not taken")

    def _take_one(self, message: Document) -> None:
        if message["method"] == "word":
            self._on_command(message["word"])
        elif message["method"] == "emit":
            self._on_emit(message)
            self._handle_emit(message)
