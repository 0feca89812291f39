"""What is missing of a draft before it can be submitted: of its form, its materials, its delivery and its mandate."""

from collections.abc import Callable
from datetime import datetime

from api.drafts.draft import Missing, missing
from api.drafts.open_draft import OpenDraft
from api.files.service import Files
from api.identity.mandates.mandate import COMPANY
from api.identity.names_and_numbers import credit_code, identity_number
from api.identity.sealing.keyring import Keyring
from api.matters import form as forms
from api.matters.service import Matters

AS_COMPANY = {"applicant": "company"}
"""What a company's mandate says of the situation."""


class Completeness:
    """Reckons what a draft still lacks."""

    def __init__(self, *, matters: Matters, files: Files, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self._matters = matters
        self._files = files
        self._keys = keyring
        self._now = now

    def gaps(self, draft: OpenDraft) -> list[Missing]:
        """Everything that must still be done, in the order of the page; empty where the draft may be submitted.

        Something is missing, too, where the version it began under is taken no more (`matters.version.taken_until`):
        it has to be moved to the newer one first, or the matter has ended.
        """
        edition = draft.edition
        form, known = edition.form, edition.known
        counted = forms.handed_in(form, draft.answers, known)
        passed = forms.wrong(form, counted, self._now())  # e.g. a date that was to come when it was filled in
        filled = forms.fills(form, draft.matter.materials)
        gaps = missing(
            {**forms.missing(form, draft.answers, known), **passed},
            draft.record.materials,
            draft.delivery,
            tuple(paper for paper in edition.papers if paper.key not in filled),
            lambda upload: self._files.accepted(draft.record.owner, upload) is not None,
        )
        return [*self._version_ended(draft), *gaps, *self._wrong_principal(draft)]

    def _version_ended(self, draft: OpenDraft) -> list[Missing]:
        if self._matters.is_taken(draft.matter):
            return []
        why = "您起草时的那一版已经停用，请先改用新版。" if draft.newer else "这个事项已经停办，不能再提交。"
        return [Missing(why, field="matter")]

    def _wrong_principal(self, draft: OpenDraft) -> list[Missing]:
        """A mandate covers the person or the company that gave it, nobody else: their numbers are compared."""
        if draft.principal is None:
            return []
        index = draft.principal["index"]
        if draft.principal["kind"] == COMPANY:
            return self._wrong_company(draft, index)
        number = draft.answers.get("id_number")
        if not number or self._keys.index("id_number", identity_number(number, self._now())) == index:
            return []
        return [Missing("请填写委托人本人的身份证号。", field="id_number")]

    def _wrong_company(self, draft: OpenDraft, index: str) -> list[Missing]:
        if draft.edition.known["applicant"] != "company":
            closed = bool(self._matters.wrong_answers(draft.matter, AS_COMPANY))
            why = "委托人是单位，这件事只能由个人申请。" if closed else "委托人是单位，请在“您的情况”里选公司、单位。"
            return [Missing(why, field="situation")]
        code = draft.answers.get("credit_code")
        if not code or self._keys.index("credit_code", credit_code(code)) == index:
            return []
        return [Missing("请填写委托单位的统一社会信用代码。", field="credit_code")]
