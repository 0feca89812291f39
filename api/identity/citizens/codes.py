"""One-time codes by SMS: sent within limits, good for one use within five tries; for log-in and for a fresh proof.

A known device, and a log-in, keep counters of their own, so that a stranger who asks for codes of somebody's number, or
guesses at them, can slow that person down elsewhere and never keeps them out here (OWASP, "Slow Down Online Guessing
Attacks with Device Cookies").
"""

import logging
import math
from datetime import timedelta
from typing import Any

from uuid6 import uuid7

from api.identity.citizens import log_in as rules
from api.identity.ports import Dependencies
from api.identity.sealing.blind import Stored
from api.refusals import Refusal
from api.texts import bare
from api.web.limits import network_of

log = logging.getLogger("circle.identity")


class Codes:
    """Codes that were sent, by whom they are for: the blind index of a number, or a log-in."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._store, self._keys, self._now = dependencies.store, dependencies.keys, dependencies.now
        self._transact, self._policy, self._ports = dependencies.transact, dependencies.policy, dependencies.ports

    def send(
        self,
        phone: str,
        whom: str,
        address: str,
        known_device: str = "",
        log_in: str = "",
        *,
        stored: Stored,
        language: str = "zh",
    ) -> dict[str, int]:
        """Send a code to a phone (E.164), in `language`; the code before is valid no more.

        `known_device` is the digest of one, `log_in` the one under which it is asked for, else "".
        `whom` is the blind index of the phone, by which codes are counted; `stored` is what this one is looked up by.

        Raises TooSoon, and LimitReached where the number, the address or the whole office has reached its limit.
        """
        own, now = f":{known_device or log_in}" if known_device or log_in else "", self._now()
        self.take(f"resend:{whom}{own}", 1, rules.RESEND_SECONDS, rules.TooSoon)
        self.take(f"number:{whom}{own}", rules.CODES_A_NUMBER, rules.DAY)
        if own:
            self.take(f"number:{whom}:{'known' if known_device else 'log_in'}", rules.CODES_KNOWN, rules.DAY)
        else:
            network = self._keys.index("address", network_of(address))
            self.take(f"address:{network}", self._policy.codes_an_address, rules.HOUR)
        every = "codes:known" if own else "codes"
        self.take(every, self._policy.codes_a_day, rules.DAY, alarm="the daily limit of SMS codes is reached")
        code_id, code = str(uuid7()), rules.new_code()
        row = {
            "_id": code_id,
            "phone_index": stored,
            "phone": self._keys.seal(code_id, "phone", phone),
            "code": rules.code_digest(code_id, code),
            "tries": 0,
            "used": False,
            "created_at": now,
            "expires_at": rules.code_end(now),
            "delete_at": now + timedelta(days=1),
        }

        def write(session: Any) -> None:
            self._store.add_code(session, row)
            key = f"login:{code_id}"
            self._ports.tell(key, "login_code", {"code": code}, key=key, language=language, session=session)

        self._transact(write)
        return {"expires_in": rules.CODE_SECONDS, "resend_in": rules.RESEND_SECONDS}

    def tried(self, whom: str, code: str, known_device: str = "", *, subject: str) -> str:
        """The id of the code sent last, if it is this one and may be tried once more. Raises CodeWrong.

        The tries of a known device are counted apart from those of everybody else. `subject` is the account, for the
        audit.
        """
        now, sent = self._now(), self._store.latest_code(whom)
        if sent is None:
            raise rules.CodeWrong(subject=subject)
        if known_device:
            tries, _ = self._store.count(f"try:{sent['_id']}:{known_device}", rules.CODE_SECONDS, now)
            live = self._store.live_code(sent["_id"], now) if tries <= rules.CODE_TRIES else None
        else:
            live = self._store.take_try(sent["_id"], rules.CODE_TRIES, now)
        if live is None or live["code"] != rules.code_digest(live["_id"], bare(code)):
            raise rules.CodeWrong(subject=subject)
        return str(live["_id"])

    def use(self, code_id: str) -> None:
        """Use a code up. Raises CodeWrong where somebody else has."""
        if not self._store.use_code(code_id):
            raise rules.CodeWrong

    def take(
        self, key: str, most: int, seconds: int, refusal: type[Refusal] = rules.LimitReached, alarm: str = ""
    ) -> None:
        """Count one more under `key`, `most` per so many seconds; else raise `refusal`, the first logged as `alarm`."""
        n, ends_at = self._store.count(key, seconds, self._now())
        if n <= most:
            return
        if alarm and n == most + 1:
            log.error(alarm, extra={"limit": most})
        raise refusal(retry_after=math.ceil((ends_at - self._now()).total_seconds()))
