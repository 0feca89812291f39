"""The look-up of a case by the number and the code of its receipt, without a log-in; and how often one may be wrong.

Five wrong codes a case a day, from wherever they come; then nobody who is not known is answered until the next day, not
for the right code either, and each refusal is the same as for a case that does not exist. So that a stranger who burns
the five does not lock its people out, two are not counted there: who is logged in and whom the case concerns, and a
network from which the right code was given in the last ninety days, which has five wrong ones of its own.
"""

from datetime import timedelta
from hmac import compare_digest

from api.cases.case import Case
from api.cases.ground import CaseGround
from api.cases.number import number_as_read, receipt_as_read, refuse_slip
from api.refusals import NotFound
from api.times import BEIJING
from api.web.guard import ActorLike

WRONG_A_DAY = 5
KNOWN_FOR = timedelta(days=90)
COUNTED_FOR = timedelta(days=2)
NO_CASES = 256
"""Numbers of no case share so many counters, so that they cost the same and leave nothing behind."""


class Lookups:
    """Look-ups with a receipt code."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground

    def case(self, visitor: ActorLike, number: str, code: str) -> Case:
        """The case with this number and receipt code. Raises NotFound, whatever is wrong, and NumberSlip if the number
        is none: that counts no try, and looks at no case.

        A try is taken before the code is compared and given back if it was right, so that many at once are no more
        than five.
        """
        refuse_slip(number)
        ground, number = self._ground, number_as_read(number)
        case = ground.store.by_number(number)
        given = ground.keyring.index("receipt", receipt_as_read(code))
        kept = ground.keyring.settled(case.receipt_index) if case else ground.keyring.index("receipt", "")
        is_right = compare_digest(kept, given)
        if case and ground.access.concerns_visitor(visitor, case):
            if is_right:
                return case
            raise NotFound
        counter, network = self._keys(case, number)
        now = ground.now()
        if not ground.store.take_lookup(counter, WRONG_A_DAY, now + COUNTED_FOR):
            ground.security.note("lookup.locked", subject=f"case:{case.id}" if case else "")
            raise NotFound
        if case is None or not is_right:
            ground.security.note("lookup.wrong", subject=f"case:{case.id}" if case else "")
            raise NotFound
        ground.store.give_lookup_back(counter)
        ground.store.know_network(network, now + KNOWN_FOR)
        return case

    def _keys(self, case: Case | None, number: str) -> tuple[str, str]:
        """The counter of this try, and what the network it comes from is known by."""
        ground, now = self._ground, self._ground.now()
        whose = case.id if case else f"none-{int(ground.keyring.index('lookup', number)[-8:], 16) % NO_CASES}"
        network = f"{whose}:{ground.security.address}"
        is_known = ground.store.knows_network(network, now)
        return f"{network if is_known else whose}:{now.astimezone(BEIJING).date()}", network
