"""The use cases of a case's documents: number them, list them, give out their bytes, verify them by their code.

A document is numbered by the reaction to the event of its act, or by whoever asks first, if an earlier release did the
act or the reaction has yet to run; all get the same. What it says is written down then, sealed; its bytes are pressed
when they are first asked for, and stay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

from api.cases.case import Case, SealedAction
from api.cases.documents import document as papers
from api.cases.documents import printing
from api.cases.documents.document import CaseDocument
from api.cases.documents.store import DocumentStore
from api.cases.ground import CaseGround
from api.cases.life.acts import fold
from api.cases.open_case import OpenCase
from api.cases.snapshot import snapshot
from api.pdf import Paper, at_base, paper_of
from api.refusals import NotFound
from api.times import BEIJING

FIELD, TEXT = "content", "text"
NO_CASE = ""
Row = dict[str, Any]
Pressing = Callable[[Paper], bytes]


@dataclass(frozen=True)
class CaseDocuments:
    """The documents of cases."""

    ground: CaseGround
    store: DocumentStore

    def number(self, case_id: str) -> None:
        """Number every document of a case that has none yet. Idempotent."""
        case = self.ground.store.by_id(case_id)
        assert case is not None
        self.of_case(case)

    def of_case(self, case: Case) -> list[CaseDocument]:
        """The documents of a case, in the order of their acts; those without a number get one."""
        return self._of(case, self.ground.store.actions(case.id))

    def content(self, case: Case, seq: int | None, base: str, press: Pressing) -> bytes:
        """The PDF of the document about the act `seq`, or about the last act that has one. Raises NotFound.

        `base` is the address of the pages. It is made by `press` when it is first asked for; from then on everybody is
        given the same bytes, whatever becomes of the case, its matter, the calendar or this program.
        """
        documents = self.of_case(case)
        document = next((each for each in reversed(documents) if seq in (None, each.seq)), None)
        if document is None:
            raise NotFound
        keys = self.ground.keyring
        sealed = self.store.content(document.id)
        if sealed is None:
            text = keys.open_json(document.id, TEXT, document.text)
            content = press(at_base(paper_of(text), base))
            new, digest = keys.seal_bytes(document.id, FIELD, content), sha256(content).hexdigest()
            sealed = self.store.keep_content(document, new, digest, self.ground.now())
        return keys.open_bytes(document.id, FIELD, sealed)

    def listed(self, case: Case, *, opens: bool = True) -> list[Row]:
        """The documents of a case as JSON (`schemas.DocumentSchema`), in the order of their acts.

        `opens`: whether the reader may open them; else they have no `href`.
        """
        acts, digests = self.ground.store.actions(case.id), self._digests(case.id)
        documents = self._of(case, acts)
        return [
            {
                **self._least(document, documents, acts),
                "seq": document.seq,
                "code": document.code,
                "sha256": digests.get(document.id),
                "hand_over_by": document.hand_over_by,
                "href": f"/v1/cases/{case.number}/receipt.pdf?seq={document.seq}" if opens else None,
                "verify": f"/verify/{document.code}",
            }
            for document in documents
        ]

    def verified(self, code: str) -> Row | None:
        """What anybody may know of the document with this code; None if there is none.

        Kind, title, number, date, matter, state, hash of its bytes: nothing about whose it is. A wrong code reads as
        much of the store as a right one.
        """
        document = self.store.by_code(papers.code_as_read(code))
        case = self.ground.store.by_id(document.case if document else NO_CASE)
        acts = self.ground.store.actions(case.id if case else NO_CASE)
        digests = self._digests(case.id if case else NO_CASE)
        documents = self._of(case, acts) if case else self.store.of_case(NO_CASE)
        if document is None:
            return None
        least = self._least(document, documents, acts)
        return {**least, "code": document.code, "matter": document.matter, "sha256": digests.get(document.id)}

    # -- inside -----------------------------------------------------------------------

    def _of(self, case: Case, acts: Sequence[SealedAction]) -> list[CaseDocument]:
        numbered = {document.seq: document for document in self.store.of_case(case.id)}
        lacking = [act.seq for act in acts if act.act in papers.OF_ACT and act.seq not in numbered]
        if lacking:
            opened = self.ground.reader.open(case)
            for seq in lacking:
                document = self._new(as_of(self.ground, opened, seq), numbered)
                numbered[seq] = self.store.keep(document, self.ground.now())
        return [numbered[seq] for seq in sorted(numbered)]

    def _least(self, document: CaseDocument, documents: list[CaseDocument], acts: Sequence[SealedAction]) -> Row:
        state = papers.state_of(document, documents, acts)
        words = state.words()
        return {
            "number": document.number,
            "kind": document.kind,
            "title": document.title.zh,
            "title_en": document.title.en,
            "date": document.at.astimezone(BEIJING).date().isoformat(),
            "state": state.state,
            "state_label": words.zh,
            "state_label_en": words.en,
        }

    def _digests(self, case_id: str) -> dict[str, str]:
        """By document: the hash of its bytes, also of those that an earlier release kept without one."""
        digests = self.store.digests(case_id)
        return {document_id: digest or self._digest(document_id) for document_id, digest in digests.items()}

    def _digest(self, document_id: str) -> str:
        sealed = self.store.content(document_id)
        assert sealed is not None
        return sha256(self.ground.keyring.open_bytes(document_id, FIELD, sealed)).hexdigest()

    def _new(self, case: OpenCase, earlier: Mapping[int, CaseDocument]) -> CaseDocument:
        """A document about the last act of a case, with what was known when it was done, under a new number."""
        record, last, ground = case.record, case.actions[-1], self.ground
        office, kind = record.department or "", ground.kind(record)
        serials = ground.store.serials
        series, form = papers.series_of(last.act, office, last.at, serials.restored_at)
        document_id = f"{record.id}:{last.seq}"
        clock = replace(ground.reasoned_clock(case, last.at), is_dated=True)
        document = CaseDocument(
            id=document_id,
            case=record.id,
            seq=last.seq,
            act=last.act,
            kind=papers.OF_ACT[last.act].kind,
            number=form.format(n=serials.next(series)),
            code=papers.new_code(),
            title=papers.title_of(last.act, last.data, kind),
            matter=record.matter.name,
            at=last.at,
            hand_over_by=printing.hand_over_by(clock, last.act),
            corrects=papers.corrected(case.actions),
            text="",
        )
        department = ground.matters.departments.name(office) if office else ""
        paper = printing.paper(printing.Subject(case, clock, department, kind, earlier), document)
        text = ground.keyring.seal_json(document_id, TEXT, asdict(paper))
        return replace(document, text=text)


def as_of(ground: CaseGround, case: OpenCase, seq: int) -> OpenCase:
    """A case as it stood after the act numbered `seq`."""
    actions, matter = case.actions[:seq], case.record.matter
    standing = fold(actions)
    department = standing.department or ground.matters.department(matter.code, matter.version)
    fields = snapshot(case.edition.matter, standing, actions, case.record.clock_facts)
    record = replace(case.record, version=seq, department=department, **fields)
    return replace(case, record=record, standing=standing, actions=actions)
