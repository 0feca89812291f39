"""Idempotency keys: a repeated request has no second effect and is answered with the result of the first."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from uuid6 import uuid7

from api.jobs.store import JobStore
from api.refusals import Refusal


class KeyReused(Refusal):
    """The Idempotency-Key was used before with a different request."""

    code = "key_reused"
    zh = "这个 Idempotency-Key 已用于另一份内容，请换一个新的。"
    en = "This Idempotency-Key was used for another request. Use a new one."


class KeyInFlight(Refusal):
    """The first request under this key is still running."""

    code = "key_in_flight"
    zh = "同一个请求正在处理，请稍候再试。"
    en = "The same request is still being handled. Try again shortly."


class Idempotency:
    """Runs a request once per idempotency key; a repeat is answered with the result of the first.

    After draft-ietf-httpapi-idempotency-key-header: no key 400, same key and other content 422, in flight 409.
    """

    def __init__(self, store: JobStore, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    def run(self, key: str, fingerprint: str, create: Callable[[str], Any], load: Callable[[str], Any | None]) -> Any:
        """Run `create(ref)` once per `key`; a repeat returns `load(ref)`. Raises KeyReused or KeyInFlight.

        The id `ref` of what is created is fixed before the first try, so that a repeat finds the result of a try whose
        outcome is unknown (e.g. a crash after the commit).
        """
        ref = str(uuid7())
        held = self._store.begin_key(key, fingerprint, ref, self._now())
        if held is None:
            return self._create(key, ref, create)
        if held["fingerprint"] != fingerprint:
            raise KeyReused
        if held["state"] == "in_flight" and not self._store.retake_key(key, self._now()):
            raise KeyInFlight(retry_after=2)
        existing = load(held["ref"])
        if existing is not None:
            self._store.end_key(key)
            return existing
        return self._create(key, held["ref"], create)

    def _create(self, key: str, ref: str, create: Callable[[str], Any]) -> Any:
        try:
            created = create(ref)
        except Refusal:
            self._store.drop_key(key)
            raise
        except BaseException:
            self._store.expire_key(key, self._now())
            raise
        self._store.end_key(key)
        return created
