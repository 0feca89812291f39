"""The use cases of drafts: begin, fill in, move to a newer version, check, and hand over to become a case."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from api.drafts import aid, choices, life, moving
from api.drafts import draft as rules
from api.drafts.delivery import cleaned_delivery
from api.drafts.draft import Draft, MatterVersion
from api.drafts.hints import DraftHints
from api.drafts.keeping import DraftKeeping
from api.drafts.open_draft import HandedIn, OpenDraft
from api.drafts.opening import AS_COMPANY, edition_of, open_draft
from api.drafts.ports import DraftsPorts
from api.drafts.store import DraftStore
from api.drafts.views import DraftViews
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.mandates import mandate as mandate_rules
from api.identity.mandates.service import Mandates
from api.identity.masking import mask_identity
from api.identity.sealing.keyring import Keyring
from api.jobs.job import Enqueue
from api.matters import form as forms
from api.matters.catalogue.matter import Matter
from api.matters.service import Matters
from api.refusals import BadFields, NotFound, VersionStale

Row = dict[str, Any]


class Drafts:
    """A citizen's drafts. Nobody else can see or change them."""

    def __init__(
        self,
        store: DraftStore,
        *,
        matters: Matters,
        files: Files,
        keyring: Keyring,
        mandates: Mandates,
        enqueue: Enqueue,
        transact: Callable[[Callable[[Any], Any]], Any],
        record: Callable[..., None],
        now: Callable[[], datetime],
        ports: DraftsPorts,
    ) -> None:
        self._store = store
        self._ports = ports
        self._matters = matters
        self._files = files
        self._keys = keyring
        self._now = now
        self._mandates = mandates
        self._transact = transact
        self._record = record
        self._views = DraftViews(matters=matters, files=files, keyring=keyring, now=now, ports=ports)
        self._hints = DraftHints(now=now, ports=ports)
        self.keeping = DraftKeeping(store, files=files, enqueue=enqueue, now=now, ports=ports)

    def begin(self, actor: Actor, new: Row, new_id: str) -> Row:
        """Begin a draft for a matter, under the version of its guide that is in force.

        It takes the answers about the situation (情形); with a mandate (`for_`) it is for its principal; with a `talk`
        it is tied to the conversation that it was begun in. Raises BadFields, MandateEnded, DeskElsewhere.
        """
        answers, situation, mandate_id = new["answers"], new["situation"], new["for_"]
        aid.check_aid(actor, new)
        try:
            matter = self._matters.matter(new["matter"])
        except NotFound:
            raise BadFields({"matter": ["没有这个事项，请重新选择。"]}) from None
        if new["aided"]:
            self._require_desk(actor, matter.code)
        if new["talk"] is not None and not self._ports.owns_conversation(actor, new["talk"]):
            raise BadFields({"talk": ["没有找到这段咨询。"]})
        if mandate_id:
            self._require_mandate(actor, mandate_id, matter.code)
            principal = self._mandates.principal(mandate_id)
            answers = {"applicant_name": principal["principal_name"], **answers}
            if principal["kind"] == mandate_rules.COMPANY and not self._matters.wrong_answers(matter, AS_COMPANY):
                situation = {**AS_COMPANY, **situation}
        answers = self._checked_answers(matter, answers)
        self._check_situation(matter, situation)
        draft = self._new(actor, new, new_id, matter, answers, situation)

        def write(session: Any) -> None:
            self._store.add(session, draft)
            self.keeping.begin(draft, session)

        self._transact(write)
        return self._views.as_json(self._open(draft))

    def _new(self, actor: Actor, new: Row, new_id: str, matter: Matter, answers: Row, situation: Row) -> Draft:
        return Draft(
            id=new_id,
            version=1,
            owner=actor.id,
            matter=MatterVersion(matter.code, matter.name, matter.version),
            answers=self._keys.seal_json(new_id, "answers", answers),
            situation=self._keys.seal_json(new_id, "situation", situation),
            delivery=None,
            materials={},
            case=None,
            mandate=new["for_"],
            talk=new["talk"],
            moved=None,
            deferral=None,
            promise=None,
            created_at=self._now(),
            updated_at=self._now(),
            kept_until=life.kept_until(self._now()),
            aided=new["aided"] and new["aided"]["language"],
        )

    def draft(self, actor: Actor, draft_id: str) -> Row:
        """One's own draft, with what is still missing; of an officer, whose draft is somebody else's, audited."""
        draft = self._own(actor, draft_id)
        if draft.aided:
            self._record(actor.id, "read_unmasked", f"draft:{draft_id}")
        return self._views.as_json(self._open(draft))

    def mine(self, actor: Actor, after: str | None, limit: int) -> list[Row]:
        """One's own unsubmitted drafts, newest first, up to `limit`; of an officer audited."""
        drafts = [self._views.as_json(self._open(draft)) for draft in self._store.of(actor.id, after, limit)]
        if actor.is_staff:
            self._record(actor.id, "read_list", "list:drafts", count=len(drafts))
        return drafts

    def change(self, actor: Actor, draft_id: str, version: int, change: Row) -> Row:
        """Change answers (merged), situation, materials or delivery. Raises VersionStale, DraftSubmitted, BadFields."""
        before = self._unsubmitted(actor, draft_id, version)
        draft = self._open(before)
        after, result = self._changed(before), draft.situation.get("result")
        if "situation" in change:
            self._check_situation(draft.matter, change["situation"])
            after = replace(after, situation=self._keys.seal_json(draft_id, "situation", change["situation"]))
            edition = edition_of(self._matters, draft.matter, change["situation"])
            draft = replace(draft, situation=change["situation"], edition=edition)
        if "answers" in change:
            typed = {key: value for key, value in change["answers"].items() if not _as_masked(draft, key, value)}
            answers = {**draft.answers, **self._checked_answers(draft.matter, typed)}
            taken = tuple(key for key in before.taken if key not in typed)
            after = replace(after, taken=taken, answers=self._keys.seal_json(draft_id, "answers", answers))
            if before.aided:
                after = replace(after, materials=aid.without_stale_consent(draft, answers, before.materials))
            draft = replace(draft, answers=answers)
        if "materials" in change:
            materials = {**after.materials, **change["materials"]}
            self._check_materials(actor, draft, change["materials"], materials)
            deferral = choices.without_uploaded(before.deferral, materials)
            after = replace(after, materials=materials, deferral=deferral)
        if "delivery" in change:
            delivery = cleaned_delivery(change["delivery"])
            after = replace(after, delivery=self._keys.seal_json(draft_id, "delivery", delivery))
        chosen = choices.chosen(replace(draft, record=after), change, self._views.excluded(draft), self._now())
        after = chosen.record
        if chosen.situation != draft.situation:
            after = replace(after, situation=self._keys.seal_json(draft_id, "situation", chosen.situation))
        return self._written(before, self._agreed(chosen, after, change, result))

    def _agreed(self, draft: OpenDraft, after: Draft, change: Row, before: str | None) -> Draft:
        """How the result is fetched is asked with the situation and at the end: the last answer holds for both.

        `before` is the answer of the situation before this change; one that stays as it was is no later answer.
        """
        if "delivery" in change:
            way = change["delivery"]["way"]
            if draft.situation.get("result", way) != way:
                situation = {**draft.situation, "result": way}
                return replace(after, situation=self._keys.seal_json(draft.record.id, "situation", situation))
        elif draft.delivery and (way := draft.situation.get("result", before)) not in (before, draft.delivery["way"]):
            delivery = cleaned_delivery({**draft.delivery, "way": way})
            return replace(after, delivery=self._keys.seal_json(draft.record.id, "delivery", delivery))
        return after

    def take_over(self, actor: Actor, draft_id: str, version: int, taken: Row) -> Row:
        """Use a file that the actor sent in a conversation as a material: the same upload, not a copy.

        The request is the consent, and is audited; a file that is bound already is not bound twice. Raises
        VersionStale, DraftSubmitted, BadFields, and NotFound for somebody else's message.
        """
        before = self._unsubmitted(actor, draft_id, version)
        key, upload = taken["material"], self._ports.sent_file(actor, taken["conversation"], taken["seq"])
        if upload is None:
            raise BadFields({"seq": ["这条消息里没有图片或文件。"]})
        draft, bound = self._open(before), before.materials.get(key, [])
        if upload in bound:
            return self._views.as_json(draft)
        materials = {**before.materials, key: [*bound, upload]}
        self._check_materials(actor, draft, {key: [*bound, upload]}, materials)
        deferral = choices.without_uploaded(before.deferral, materials)
        after = self._changed(before, materials=materials, deferral=deferral)

        def write(session: Any) -> Draft:
            stored = self._store.change(before, after, session)
            if stored is None:
                raise VersionStale
            self._record(actor.id, "take_over_file", f"draft:{draft_id}:{key}:{upload}", session=session)
            return stored

        return self._views.as_json(self._open(self._transact(write)))

    def hints(self, actor: Actor, draft_id: str) -> Row:
        """What one's own draft could take over, and whether its matter is open already; see `DraftHints.of`."""
        return self._hints.of(actor, self._open(self._own(actor, draft_id)))

    def take_suggestions(self, actor: Actor, draft_id: str, version: int, keys: list[str]) -> Row:
        """Fill these fields with what `hints` suggests for them. Raises VersionStale, DraftSubmitted, BadFields."""
        before = self._unsubmitted(actor, draft_id, version)
        draft = self._open(before)
        suggestions = self._hints.taken(actor, draft, keys)
        answers = {**draft.answers, **{key: one.value for key, one in suggestions.items()}}
        masked = {key for key, one in suggestions.items() if one.as_shown != one.value}
        sealed = self._keys.seal_json(draft_id, "answers", answers)
        taken = tuple(sorted({*before.taken, *masked}))
        return self._written(before, self._changed(before, answers=sealed, taken=taken))

    def card(self, actor: Actor, draft_id: str) -> Row | None:
        """The progress of a draft as a card in a conversation: for its owner, and for staff who were sent the card.

        No answer, name or file is on it. None where the viewer may not see it.
        """
        draft = self._store.draft(draft_id)
        if draft is None or not (
            draft.owner == actor.id or (actor.is_staff and self._ports.was_sent_card(actor, draft_id))
        ):
            return None
        missing = 0 if draft.case else len(self._views.gaps(self._open(draft)))
        state = "已提交" if draft.case else "填写中" if missing else "已填好，还没提交"
        matter = draft.matter
        return {
            "title": matter.name,
            "matter": matter.code,
            "state_label": state,
            "missing": missing,
            "case": draft.case,
        }

    def move(self, actor: Actor, draft_id: str, version: int, wanted: int) -> Row:
        """Move a draft to the version in force, which must be `wanted`; its `moved` then says what did not fit.

        Raises VersionStale, DraftSubmitted, and BadFields if another version is in force by now.
        """
        before = self._unsubmitted(actor, draft_id, version)
        draft = self._open(before)
        new = draft.newer
        if new is None or new.version != wanted:
            raise BadFields({"version": ["现在按另一版办理，请刷新后再选。"]})
        situation = self._matters.fitting(new, draft.situation)
        edition = edition_of(self._matters, new, situation)
        asked = self._matters.question_words(draft.matter)
        kept = moving.carried(draft, edition, situation, asked, self._now())
        left_out = [asdict(words) for words in kept.left_out]
        after = self._changed(
            before,
            matter=MatterVersion(new.code, new.name, new.version),
            situation=self._keys.seal_json(draft_id, "situation", kept.situation),
            answers=self._keys.seal_json(draft_id, "answers", kept.answers),
            materials=kept.materials,
        )
        deferral, promise, not_kept = choices.moved(replace(draft, record=after, matter=new, edition=edition))
        moved = {"from_version": draft.matter.version, "left_out": left_out + [asdict(words) for words in not_kept]}
        return self._written(before, replace(after, deferral=deferral, promise=promise, moved=moved))

    def drop(self, actor: Actor, draft_id: str, version: int) -> None:
        """Delete a draft that was not submitted. Raises DraftSubmitted, VersionStale."""
        if not self.keeping.drop(self._unsubmitted(actor, draft_id, version)):
            raise VersionStale

    def forget(self, actor: Actor) -> None:
        """Delete every draft that a person has not submitted, whatever is written in them meanwhile."""
        self._store.drop_of(actor.id)

    def uses(self, upload: str) -> bool:
        """Whether an upload is bound to somebody's unsubmitted draft."""
        return self._store.uses(upload)

    # -- handing over -----------------------------------------------------------

    def complete(self, actor: Actor, draft_id: str) -> HandedIn:
        """A draft that is ready to become a case, opened once.

        Raises NotComplete with what is missing, DraftSubmitted, MandateEnded, DeskElsewhere.
        """
        record = self._own(actor, draft_id)
        if record.case:
            raise rules.DraftSubmitted(
                zh=f"这份申请已经提交，办件编号 {record.case}。", en=f"Submitted as {record.case}."
            )
        if record.mandate:
            self._require_mandate(actor, record.mandate, record.matter.code)
        if record.aided:
            self._require_desk(actor, record.matter.code)
        draft = self._open(record)
        files, edition = self._views.accepted(draft), draft.edition
        missing = self._views.gaps(draft, files)
        if missing:
            raise rules.NotComplete({gap.field or f"materials.{gap.material}": [gap.why] for gap in missing})
        asked = {paper.key for paper in edition.papers} | ({rules.CONSENT} if record.aided else set())
        return HandedIn(
            draft,
            answers=forms.handed_in(edition.form, draft.answers, edition.known),
            materials={key: bound for key, bound in record.materials.items() if key in asked},
            files=files,
        )

    def hand_over(self, session: Any, draft: OpenDraft, number: str) -> None:
        """Mark a draft as submitted, in the transaction that makes its case; one for somebody else is emptied.

        Raises VersionStale.
        """
        kept = aid.emptied(draft.record, self._keys) if draft.record.aided else draft.record
        submitted = replace(kept, case=number, updated_at=self._now())
        if self._store.change(draft.record, submitted, session) is None:
            raise VersionStale

    # -- inside -------------------------------------------------------------------

    def _own(self, actor: Actor, draft_id: str) -> Draft:
        draft = self._store.draft(draft_id)
        if draft is None or draft.owner != actor.id:
            raise NotFound(subject=f"draft:{draft_id}" if draft else "")
        return draft

    def _unsubmitted(self, actor: Actor, draft_id: str, version: int) -> Draft:
        draft = self._own(actor, draft_id)
        if draft.case:
            raise rules.DraftSubmitted
        if draft.version != version:
            raise VersionStale
        return draft

    def _open(self, draft: Draft) -> OpenDraft:
        return open_draft(draft, self._keys, self._matters, self._mandates)

    def _changed(self, before: Draft, **fields: Any) -> Draft:
        """A draft with these fields, changed now: from now on it is kept for its whole time again."""
        now = self._now()
        return replace(before, updated_at=now, kept_until=life.kept_until(now), reminded=(), **fields)

    def _written(self, before: Draft, after: Draft) -> Row:
        stored = self._store.change(before, after)
        if stored is None:
            raise VersionStale
        return self._views.as_json(self._open(stored))

    def _require_mandate(self, actor: Actor, mandate_id: str, matter: str) -> None:
        if not self._mandates.holds(actor, mandate_id, matter):
            raise mandate_rules.MandateEnded

    def _require_desk(self, actor: Actor, matter: str) -> None:
        if not actor.point or self._ports.desk_for(matter, actor.point) != actor.point:
            raise aid.DeskElsewhere

    def _checked_answers(self, matter: Matter, answers: Row) -> Row:
        """Answers as they are kept. Raises BadFields."""
        form = self._matters.form(matter)
        kept = forms.cleaned(form, answers, self._now())
        if errors := forms.wrong(form, kept, self._now()):
            raise BadFields({f"answers.{key}": reasons for key, reasons in errors.items()})
        return kept

    def _check_situation(self, matter: Matter, situation: dict[str, str]) -> None:
        if wrong := self._matters.wrong_answers(matter, situation):
            raise BadFields({"situation": wrong})

    def _check_materials(self, actor: Actor, draft: OpenDraft, materials: aid.Materials, after: aid.Materials) -> None:
        """Raises BadFields unless each changed material is the matter's, with at most MOST_FILES uploads of the actor's
        own, and in an aided draft those `after` the change fit (`aid.wrong_files`)."""
        known = {material.key for material in (*draft.matter.materials, *draft.edition.papers)}
        known |= {rules.CONSENT} if draft.record.aided else set()
        errors: dict[str, list[str]] = {}
        for key, uploads in materials.items():
            if key not in known:
                errors[f"materials.{key}"] = ["这个事项没有这项材料。"]
            elif len(uploads) > rules.MOST_FILES:
                errors[f"materials.{key}"] = [f"一项材料最多 {rules.MOST_FILES} 个文件。"]
            elif not all(self._is_own(actor, upload) for upload in uploads):
                errors[f"materials.{key}"] = ["文件不存在，请重新上传。"]
        if draft.record.aided and not errors:
            used, uses, own = self._ports.in_case, self._store.uses, draft.record.id
            errors = aid.wrong_files(after, materials, lambda upload: used(upload) or uses(upload, other_than=own))
        if errors:
            raise BadFields(errors)

    def _is_own(self, actor: Actor, upload: str) -> bool:
        try:
            return self._files.upload(actor, upload)["state"] != "refused"
        except NotFound:
            return False


def _as_masked(draft: OpenDraft, key: str, value: Any) -> bool:
    """Whether an answer is just the masked number that the draft shows, which changes nothing."""
    return key in draft.record.taken and value == mask_identity(draft.answers.get(key, ""))
