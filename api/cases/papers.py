"""The papers of a case: which act has one, what it says, and its bytes, which never change once they were given out."""

from collections.abc import Callable
from dataclasses import replace

from api.cases import printing
from api.cases.ground import CaseGround
from api.cases.life.acts import fold
from api.cases.open_case import OpenCase
from api.cases.snapshot import snapshot
from api.pdf import Paper
from api.refusals import NotFound

FIELD = "content"


class CasePapers:
    """The papers of cases."""

    def __init__(self, ground: CaseGround) -> None:
        self._ground = ground

    def content(self, case: OpenCase, seq: int | None, base: str, press: Callable[[Paper], bytes]) -> bytes:
        """The PDF of the paper about the act numbered `seq`, or about the last act that has one. Raises NotFound.

        `base` is the address of the pages. It is made by `press` when it is first asked for; from then on everybody is
        given the same bytes, whatever becomes of the case, its matter, the calendar or this program.
        """
        acts = [action.seq for action in case.actions if action.act in printing.TITLES]
        wanted = acts[-1] if seq is None else seq
        if wanted not in acts:
            raise NotFound
        keys, store, case_id = self._ground.keyring, self._ground.store, case.record.id
        paper_id = f"{case_id}:{wanted}"
        sealed = store.paper(paper_id)
        if sealed is None:
            content = press(self._paper(as_of(self._ground, case, wanted), base))
            new = keys.seal_bytes(paper_id, FIELD, content)
            sealed = store.keep_paper(paper_id, case_id, wanted, new, self._ground.now())
        return keys.open_bytes(paper_id, FIELD, sealed)

    def _paper(self, case: OpenCase, base: str) -> Paper:
        """The paper about the last act of a case, with what was known when it was done."""
        code = case.record.department
        department = self._ground.matters.departments.name(code) if code else ""
        clock = replace(self._ground.clock(case.record, case.actions[-1].at), is_dated=True)
        return printing.paper(case, clock, department, base)


def as_of(ground: CaseGround, case: OpenCase, seq: int) -> OpenCase:
    """A case as it stood after the act numbered `seq`."""
    actions, matter = case.actions[:seq], case.record.matter
    standing = fold(actions)
    department = standing.department or ground.matters.department(matter.code, matter.version)
    fields = snapshot(case.edition.matter, standing, actions, case.record.clock_facts)
    record = replace(case.record, version=seq, department=department, **fields)
    return replace(case, record=record, standing=standing, actions=actions)
