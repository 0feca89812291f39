"""The use cases of fresh proofs: which way one is given, the code for it, and the proof itself."""

from api.identity.actor import Actor
from api.identity.citizens.codes import Codes
from api.identity.ports import Dependencies, Row
from api.identity.sessions.service import Sessions
from api.identity.staff.credentials import own_counter
from api.identity.staff.service import Staff
from api.refusals import BadFields, NotFound

NEEDED = "请填写这一项。"


class FreshProofs:
    """Fresh proofs of who acts, each bound to the log-in that it was given under."""

    def __init__(self, dependencies: Dependencies, sessions: Sessions, staff: Staff, codes: Codes) -> None:
        self._store, self._keys = dependencies.store, dependencies.keys
        self._sessions, self._staff, self._codes = sessions, staff, codes

    def standing(self, actor: Actor) -> Row:
        """{way, until}: `code` for a citizen, `totp` for staff with an authenticator, else `password`; `until` says how
        long the last proof holds, None if it does no more."""
        return {"way": self._way(actor), "until": self._sessions.fresh_until(actor)}

    def send_code(self, actor: Actor, address: str, language: str) -> Row:
        """Send a citizen a code for a proof, which is good under this log-in alone. Raises TooSoon, LimitReached."""
        citizen = self._store.citizen(actor.id)
        if citizen is None or not citizen.get("phone"):
            raise NotFound
        phone = self._keys.open_sealed(actor.id, "phone", citizen["phone"])
        whom, stored = self._keys.index("phone", phone), self._keys.index_to_store("proof", actor.session)
        return dict(self._codes.send(phone, whom, address, log_in=actor.session, stored=stored, language=language))

    def prove(self, actor: Actor, given: Row) -> Row:
        """Take a proof: {code} of a citizen, {totp} or {password} of staff, as `standing` says.

        Raises BadFields where the way's field is missing, CodeWrong, PasswordWrong, TotpWrong, LockedOut.
        """
        way, counter = self._way(actor), own_counter(actor)
        if not given.get(way):
            raise BadFields({way: [NEEDED]})
        subject = f"{'staff' if actor.is_staff else 'citizen'}:{actor.id}"
        self._staff.credentials.take_try(counter, subject)
        if way == "code":
            self._codes.use(self._codes.tried(self._whom(actor), given["code"], subject=subject))
        else:
            self._staff.check_proof(actor, given[way])
        self._staff.credentials.succeeded(counter)
        self._sessions.proved(actor)
        return self.standing(actor)

    def _way(self, actor: Actor) -> str:
        return self._staff.way_of_proof(actor) if actor.is_staff else "code"

    def _whom(self, actor: Actor) -> str:
        return self._keys.index("proof", actor.session)
