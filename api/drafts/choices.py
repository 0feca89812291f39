"""What an applicant may choose in a draft: which materials follow later (容缺受理), and to promise (告知承诺).

Both are chosen upon a text of the matter's version, which is kept with the choice; a text that has changed since asks
anew. Nothing is chosen for anybody.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from api.drafts.completeness import Missing
from api.drafts.open_draft import OpenDraft
from api.matters import form as forms
from api.matters.catalogue.matter import DeferralTerms, Material, PromiseTerms
from api.matters.guide.situation import BilingualText
from api.refusals import BadFields, Reason
from api.texts import listed

Row = dict[str, Any]
BY_PROMISE = {"procedure": "promise"}
"""The answer about the situation that means 告知承诺 (`matters/data/situations.json`)."""
PROMISE_LETTER = "promise_letter"
"""The signed letter that this situation asks for: accepting the text here is that letter."""

UNKNOWN = Reason(
    "这个事项还没有公布容缺的期限和承诺书，现在不能选择后补，请一次交齐。",
    "How long and upon which promise materials may follow is not published for this matter: hand in everything now.",
)
PROMISE_UNKNOWN = Reason(
    "这个事项还没有公布告知承诺书，现在不能用告知承诺办理。",
    "The text of the promise is not published for this matter: it cannot be decided upon a promise yet.",
)
EXCLUDED = Reason(
    "您以前的承诺没有兑现，还没有修复，这次不能容缺受理，也不能告知承诺。",
    "An earlier promise of yours was not kept and has not been lifted: nothing may follow later, nor be promised now.",
)
CHANGED = Reason(
    "承诺书的内容变了，请重新看过再选。", "The text of the promise has changed: read it, then choose again."
)


def may_follow(draft: OpenDraft) -> list[Material]:
    """The materials of which the applicant may say that they follow later: required ones, which they bring."""
    filled = forms.fills(draft.edition.form, draft.matter.materials)
    return [
        paper
        for paper in draft.edition.papers
        if paper.deferrable and paper.required and not paper.held_by_state and paper.key not in filled
    ]


def deferral_chosen(draft: OpenDraft, choice: Row | None, is_excluded: Callable[[], bool], now: datetime) -> Row | None:
    """The deferral as it is kept: the materials that follow, with the text, days and version it was chosen upon.

    None where the applicant takes the choice back. Raises BadFields.
    """
    if not choice or not choice["materials"]:
        return None
    terms, keys = draft.edition.matter.deferral, list(dict.fromkeys(choice["materials"]))
    if terms is None:
        raise BadFields({"deferral": [UNKNOWN]})
    if choice["text_version"] != terms.text.version:
        raise BadFields({"deferral.text_version": [CHANGED]})
    allowed = {paper.key: paper.name for paper in may_follow(draft)}
    names = {paper.key: paper.name for paper in draft.edition.every_paper}
    if strange := [names.get(key, key) for key in keys if key not in allowed]:
        why = Reason(f"这些材料不能后补：{listed(strange)}。", f"These cannot follow later: {listed(strange)}.")
        raise BadFields({"deferral.materials": [why]})
    if there := [allowed[key] for key in keys if draft.record.materials.get(key)]:
        why = Reason(f"这些材料已经传了，不用后补：{listed(there)}。", f"Handed in already: {listed(there)}.")
        raise BadFields({"deferral.materials": [why]})
    if is_excluded():
        raise BadFields({"deferral": [EXCLUDED]})
    return {"materials": keys, **_upon(terms, draft), "days": terms.days, "unit": terms.unit, "accepted_at": now}


def promise_chosen(draft: OpenDraft, choice: Row | None, is_excluded: Callable[[], bool], now: datetime) -> Row | None:
    """The promise as it is kept: the text and the version it was given upon; None where it is taken back.

    Raises BadFields.
    """
    if not choice:
        return None
    terms = draft.edition.matter.promise
    if terms is None:
        raise BadFields({"promise": [PROMISE_UNKNOWN]})
    if choice["text_version"] != terms.text.version:
        raise BadFields({"promise.text_version": [CHANGED]})
    if is_excluded():
        raise BadFields({"promise": [EXCLUDED]})
    return {**_upon(terms, draft), "accepted_at": now}


def chosen(draft: OpenDraft, change: Row, is_excluded: Callable[[], bool], now: datetime) -> OpenDraft:
    """The draft with what a change chooses of both. Raises BadFields.

    The promise is asked with the situation too: the last answer holds for both.
    """
    record, situation = draft.record, draft.situation
    if "deferral" in change:
        record = replace(record, deferral=deferral_chosen(draft, change["deferral"], is_excluded, now))
    if "promise" in change:
        promise = promise_chosen(draft, change["promise"], is_excluded, now)
        record = replace(record, promise=promise)
        usual = {} if situation.get("procedure") != BY_PROMISE["procedure"] else {"procedure": "usual"}
        situation = {**situation, **(BY_PROMISE if promise else usual)}
    elif "situation" in change and situation.get("procedure") != BY_PROMISE["procedure"]:
        record = replace(record, promise=None)
    return replace(draft, record=record, situation=situation)


def without_uploaded(deferral: Row | None, materials: dict[str, list[str]]) -> Row | None:
    """The deferral without the materials that were handed in after all."""
    if deferral is None:
        return None
    keys = [key for key in deferral["materials"] if not materials.get(key)]
    return {**deferral, "materials": keys} if keys else None


def is_upon(choice: Row | None, terms: DeferralTerms | PromiseTerms | None) -> bool:
    """Whether a choice was made upon these terms: the same text in both languages, the same days."""
    if choice is None or terms is None or choice["text"] != asdict(terms.text):
        return False
    return not isinstance(terms, DeferralTerms) or (choice["days"], choice["unit"]) == (terms.days, terms.unit)


def deferred(draft: OpenDraft) -> frozenset[str]:
    """The materials that follow later, so that they are not asked for now; none where the choice does not hold."""
    choice = draft.record.deferral
    if choice is None or not is_upon(choice, draft.edition.matter.deferral):
        return frozenset()
    return frozenset(choice["materials"]) & {paper.key for paper in may_follow(draft)}


def is_by_promise(draft: OpenDraft) -> bool:
    """Whether the applicant has given the promise that the matter asks for today."""
    return is_upon(draft.record.promise, draft.edition.matter.promise)


def not_asked(draft: OpenDraft) -> frozenset[str]:
    """The materials that need not be there: those that follow, and the letter that the accepted text stands for."""
    letter = {PROMISE_LETTER} if draft.edition.matter.promise else set()
    return deferred(draft) | letter


def gaps(draft: OpenDraft, is_excluded: Callable[[], bool]) -> list[Missing]:
    """What must be done about both choices before submitting."""
    choice, by_promise = draft.record.deferral, draft.situation.get("procedure") == BY_PROMISE["procedure"]
    missing = []
    if choice and frozenset(choice["materials"]) != deferred(draft):
        missing.append(Missing(CHANGED, field="deferral"))
    if draft.record.promise and not is_by_promise(draft):
        missing.append(Missing(CHANGED, field="promise"))
    elif by_promise and draft.edition.matter.promise and not draft.record.promise:
        missing.append(Missing("请看过告知承诺书，接受后再提交；不接受的，改选一般程序。", field="promise"))
    if (choice or draft.record.promise) and is_excluded():
        missing.append(Missing(EXCLUDED, field="deferral" if choice else "promise"))
    return missing


def deferral_json(draft: OpenDraft, is_excluded: Callable[[], bool]) -> Row | None:
    """The choice as JSON: what may follow, upon which terms, what was chosen; None where nothing may follow."""
    papers, choice = may_follow(draft), draft.record.deferral
    if not papers:
        return None
    terms = draft.edition.matter.deferral
    why_not = UNKNOWN if terms is None else EXCLUDED if is_excluded() else None
    return {
        "may_follow": [paper.key for paper in papers],
        "terms": terms and {**_terms(terms), "days": terms.days, "unit": terms.unit},
        "why_not": why_not and {"text": str(why_not), "text_en": why_not.en},
        "materials": sorted(deferred(draft)),
        "accepted_at": choice["accepted_at"] if choice else None,
    }


def promise_json(draft: OpenDraft, is_excluded: Callable[[], bool]) -> Row | None:
    """The choice as JSON; None where the matter is not decided upon a promise."""
    if not draft.edition.matter.record.get("notify_promise"):
        return None
    terms = draft.edition.matter.promise
    why_not = PROMISE_UNKNOWN if terms is None else EXCLUDED if is_excluded() else None
    given = draft.record.promise if is_by_promise(draft) else None
    return {
        "terms": terms and _terms(terms),
        "why_not": why_not and {"text": str(why_not), "text_en": why_not.en},
        "accepted_at": given["accepted_at"] if given else None,
    }


def moved(new: OpenDraft) -> tuple[Row | None, Row | None, list[BilingualText]]:
    """Both choices after a move to another version of the matter: kept where its terms are the same, else asked anew;
    and texts about what was not kept."""
    record, kept = new.record, deferred(new)
    deferral = {**record.deferral, "materials": sorted(kept)} if record.deferral and kept else None
    promise = record.promise if is_by_promise(new) else None
    left_out = []
    if record.deferral and kept != frozenset(record.deferral["materials"]):
        left_out.append(BilingualText("容缺后补的选择", "The choice of what follows later"))
    if record.promise and promise is None:
        left_out.append(BilingualText("告知承诺", "The promise"))
    return deferral, promise, left_out


def submitted(draft: OpenDraft) -> Row:
    """Both choices as the first action of the case keeps them; nothing where none was made."""
    chosen = {"deferral": draft.record.deferral, "promise": draft.record.promise}
    return {
        name: {**choice, "accepted_at": choice["accepted_at"].isoformat()} for name, choice in chosen.items() if choice
    }


def _upon(terms: DeferralTerms | PromiseTerms, draft: OpenDraft) -> Row:
    return {"text": asdict(terms.text), "matter_version": draft.matter.version}


def _terms(terms: DeferralTerms | PromiseTerms) -> Row:
    text = terms.text
    return {
        "text_version": text.version,
        "text": text.zh,
        "text_en": text.en,
        "excluded": list(terms.excluded),
    }
