"""Begin, fill in and check a draft; hand it over to a case."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from api.drafts import draft as rules
from api.drafts import moving
from api.drafts.ports import DraftsPorts
from api.drafts.store import DraftStore
from api.files.service import Files
from api.identity.actor import Actor
from api.identity.mandates import mandate as mandate_rules
from api.identity.mandates.service import Mandates
from api.identity.names_and_numbers import credit_code, identity_number, mobile
from api.identity.sealing.keyring import Keyring
from api.matters import form as forms
from api.matters.catalogue.matter import Matter
from api.matters.service import Matters
from api.refusals import BadFields, NotFound, VersionStale

Row = dict[str, Any]
AS_COMPANY = {"applicant": "company"}
"""What a company's mandate says of the situation."""


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

    def begin(self, actor: Actor, new: Row, new_id: str) -> Row:
        """Begin a draft for a matter, under the version of its guide that is in force.

        It takes over what was answered about the situation (情形); with a mandate it is for whoever gave it; with a
        talk it knows that it was begun there. Raises BadFields, MandateEnded.
        """
        matter_code, answers, situation, mandate_id = new["matter"], new["answers"], new["situation"], new["for_"]
        try:
            matter = self._matters.matter(matter_code)
        except NotFound:
            raise BadFields({"matter": ["没有这个事项，请重新选择。"]}) from None
        if new["talk"] is not None and not self._ports.owns_conversation(actor, new["talk"]):
            raise BadFields({"talk": ["没有找到这段咨询。"]})
        if mandate_id:
            principal = self._acting(actor, mandate_id, matter.code)
            answers = {"applicant_name": principal["principal_name"], **answers}
            if principal["kind"] == mandate_rules.COMPANY and not self._matters.wrong_answers(matter, AS_COMPANY):
                situation = {**AS_COMPANY, **situation}
        self._check(matter, answers)
        self._check_situation(matter, situation)
        row = {
            "_id": new_id,
            "v": 2,
            "version": 1,
            "owner": actor.id,
            "matter": {"code": matter.code, "name": matter.name, "version": matter.version},
            "answers": self._seal(new_id, "answers", answers),
            "situation": self._seal(new_id, "situation", situation),
            "materials": {},
            "uploads": [],
            "delivery": None,
            "case": None,
            "mandate": mandate_id,
            "talk": new["talk"],
            "created_at": self._now(),
            "updated_at": self._now(),
        }
        self._store.add(row)
        return self._face(row)

    def draft(self, actor: Actor, draft_id: str) -> Row:
        """One's own draft, with what is still missing."""
        return self._face(self._own(actor, draft_id))

    def mine(self, actor: Actor, after: str | None, limit: int) -> list[Row]:
        """One's own unsubmitted drafts, newest first, up to `limit`."""
        return [self._face(row) for row in self._store.of(actor.id, after, limit)]

    def change(self, actor: Actor, draft_id: str, version: int, change: Row) -> Row:
        """Change answers (merged), situation, materials or delivery. Raises VersionStale, DraftSubmitted, BadFields."""
        row = self._open(actor, draft_id, version)
        matter = self._matter(row)
        fields: Row = {"updated_at": self._now()}
        if "situation" in change:
            self._check_situation(matter, change["situation"])
            row["situation"] = fields["situation"] = self._seal(draft_id, "situation", change["situation"])
        if "answers" in change:
            self._check(matter, change["answers"])
            answers = {**self._unseal(draft_id, "answers", row["answers"]), **change["answers"]}
            fields["answers"] = self._seal(draft_id, "answers", answers)
        if "materials" in change:
            fields["materials"] = {**row["materials"], **self._bound(actor, row, change["materials"])}
            fields["uploads"] = rules.uploads(fields["materials"])
        if "delivery" in change:
            fields["delivery"] = self._seal(draft_id, "delivery", self._delivery(change["delivery"]))
        if not self._store.change(draft_id, version, fields):
            raise VersionStale
        return self.draft(actor, draft_id)

    def take_over(self, actor: Actor, draft_id: str, version: int, taken: Row) -> Row:
        """Use a file that one sent in a talk as a material: the same upload, so nothing is copied. Again: no change.

        Asking for it is the consent, and is written in the audit. Raises VersionStale, DraftSubmitted, BadFields;
        NotFound for a message of somebody else.
        """
        row = self._open(actor, draft_id, version)
        key, upload = taken["material"], self._ports.sent_file(actor, taken["conversation"], taken["seq"])
        if upload is None:
            raise BadFields({"seq": ["这条消息里没有图片或文件。"]})
        bound = row["materials"].get(key, [])
        if upload in bound:
            return self._face(row)
        materials = {**row["materials"], **self._bound(actor, row, {key: [*bound, upload]})}
        change = {"materials": materials, "uploads": rules.uploads(materials), "updated_at": self._now()}

        def write(session: Any) -> None:
            if not self._store.change(draft_id, version, change, session):
                raise VersionStale
            self._record(actor.id, "take_over_file", f"draft:{draft_id}:{key}:{upload}", session=session)

        self._transact(write)
        return self.draft(actor, draft_id)

    def card(self, actor: Actor, draft_id: str) -> Row | None:
        """How far a draft is, as a card in a talk: for its owner, and for the staff whom its owner sent the card.

        No answer, name or file is on it. None where the viewer may not see it.
        """
        row = self._store.draft(draft_id)
        if row is None or not (
            row["owner"] == actor.id or (actor.is_staff and self._ports.was_sent_card(actor, draft_id))
        ):
            return None
        missing = 0 if row["case"] else len(self._gaps(row))
        state = "已提交" if row["case"] else "填写中" if missing else "已填好，还没提交"
        name, code = row["matter"]["name"], row["matter"]["code"]
        return {"title": name, "matter": code, "state_label": state, "missing": missing, "case": row["case"]}

    def move(self, actor: Actor, draft_id: str, version: int, wanted: int) -> Row:
        """Go on under the version in force, the `wanted` one: what fits goes along, `moved` says what does not.

        Raises VersionStale, DraftSubmitted, and BadFields where another version counts by now.
        """
        row = self._open(actor, draft_id, version)
        old = self._matter(row)
        new = self._matters.later(old)
        if new is None or new.version != wanted:
            raise BadFields({"version": ["现在按另一版办理，请刷新后再选。"]})
        face = self._told(row)
        situation = self._matters.fitting(new, face["situation"])
        editions = self._edition(old, face["situation"]), self._edition(new, situation)
        kept = moving.carried(*editions, face, situation, self._matters.question_words(old), self._now())
        change = {
            "matter": {"code": new.code, "name": new.name, "version": new.version},
            "situation": self._seal(draft_id, "situation", kept.situation),
            "answers": self._seal(draft_id, "answers", kept.answers),
            "materials": kept.materials,
            "uploads": rules.uploads(kept.materials),
            "moved": {"from_version": old.version, "left_out": [asdict(words) for words in kept.left_out]},
            "updated_at": self._now(),
        }
        if not self._store.change(draft_id, version, change):
            raise VersionStale
        return self.draft(actor, draft_id)

    def drop(self, actor: Actor, draft_id: str) -> None:
        """Forget a draft that was not submitted."""
        self._own(actor, draft_id)
        if not self._store.drop(draft_id):
            raise rules.DraftSubmitted

    def uses(self, upload: str) -> bool:
        """Whether an upload is bound to somebody's unsubmitted draft."""
        return self._store.uses(upload)

    def _acting(self, actor: Actor, mandate_id: str, matter: str) -> Row:
        if not self._mandates.holds(actor, mandate_id, matter):
            raise mandate_rules.MandateEnded
        return self._mandates.principal(mandate_id)

    # -- handing over -----------------------------------------------------------

    def complete(self, actor: Actor, draft_id: str) -> Row:
        """What of a draft is handed in, where nothing is missing. Raises NotComplete with what is, DraftSubmitted.

        Something is missing, too, where the version it began under is taken no more (`matters.version.taken_until`):
        it has to be moved to the newer one first, or the matter has ended.
        """
        row = self._own(actor, draft_id)
        face = self._face(row)
        if row["case"]:
            raise rules.DraftSubmitted(
                zh=f"这份申请已经提交，办件编号 {row['case']}。", en=f"Submitted as {row['case']}."
            )
        if face["for_"]:
            self._acting(actor, face["for_"]["mandate"], row["matter"]["code"])
        errors = {gap.field or f"materials.{gap.material}": [gap.why] for gap in self._gaps(row)}
        if errors:
            raise rules.NotComplete(errors)
        matter = self._matter(row)
        known = self._matters.known(matter, face["situation"])
        asked = {paper.key for paper in self._matters.personal(matter, face["situation"]).papers}
        return {
            **face,
            "answers": forms.handed_in(self._matters.form(matter), face["answers"], known),
            "materials": {key: bound for key, bound in face["materials"].items() if key in asked},
        }

    def hand_over(self, session: Any, draft_id: str, version: int, number: str) -> None:
        """Mark a draft as submitted, in the transaction that makes its case. Raises VersionStale."""
        if not self._store.change(draft_id, version, {"case": number, "updated_at": self._now()}, session):
            raise VersionStale

    # -- inside -------------------------------------------------------------------

    def _own(self, actor: Actor, draft_id: str) -> Row:
        row = self._store.draft(draft_id)
        if row is None or row["owner"] != actor.id:
            raise NotFound
        return row

    def _open(self, actor: Actor, draft_id: str, version: int) -> Row:
        row = self._own(actor, draft_id)
        if row["case"]:
            raise rules.DraftSubmitted
        if row["version"] != version:
            raise VersionStale
        return row

    def _check(self, matter: Matter, answers: Row) -> None:
        if errors := forms.wrong(self._matters.form(matter), answers, self._now()):
            raise BadFields({f"answers.{key}": reasons for key, reasons in errors.items()})

    def _check_situation(self, matter: Matter, situation: dict[str, str]) -> None:
        if wrong := self._matters.wrong_answers(matter, situation):
            raise BadFields({"situation": wrong})

    def _matter(self, row: Row) -> Matter:
        return self._matters.matter(row["matter"]["code"], row["matter"]["version"])

    def _edition(self, matter: Matter, situation: dict[str, str]) -> moving.Edition:
        mine, known = self._matters.personal(matter, situation), self._matters.known(matter, situation)
        return moving.Edition(mine.matter, mine.papers, self._matters.form(matter), known)

    def _newer(self, row: Row) -> Row | None:
        """The version in force, where it is not this draft's any more, and what it asks otherwise."""
        old = self._matter(row)
        new = self._matters.later(old)
        if row["case"] or new is None:
            return None
        told = self._told(row)
        situation = self._matters.fitting(new, told["situation"])
        differs = moving.changes(self._edition(old, told["situation"]), self._edition(new, situation), told["answers"])
        return {
            "version": new.version,
            "since": new.valid_from,
            "must_move": not self._matters.is_taken(old),
            "changes": [asdict(words) for words in differs],
        }

    def _over(self, matter: Matter) -> list[rules.Missing]:
        """Why nothing can be handed in under a version any more, if so."""
        if self._matters.is_taken(matter):
            return []
        newer = self._matters.later(matter)
        why = "您起草时的那一版已经停用，请先改用新版。" if newer else "这个事项已经停办，不能再提交。"
        return [rules.Missing(why, field="matter")]

    def _situation(self, row: Row) -> dict[str, str]:
        return self._unseal(row["_id"], "situation", row["situation"]) if row.get("situation") else {}

    def _bound(self, actor: Actor, row: Row, materials: dict[str, list[str]]) -> dict[str, list[str]]:
        """Uploads by material, each the person's own."""
        matter = self._matter(row)
        personal = self._matters.personal(matter, self._situation(row)).papers
        known = {material.key for material in (*matter.materials, *personal)}
        errors: dict[str, list[str]] = {}
        for key, uploads in materials.items():
            if key not in known:
                errors[f"materials.{key}"] = ["这个事项没有这项材料。"]
            elif len(uploads) > rules.MOST_FILES:
                errors[f"materials.{key}"] = [f"一项材料最多 {rules.MOST_FILES} 个文件。"]
            elif not all(self._is_own(actor, upload) for upload in uploads):
                errors[f"materials.{key}"] = ["文件不存在，请重新上传。"]
        if errors:
            raise BadFields(errors)
        return materials

    def _is_own(self, actor: Actor, upload: str) -> bool:
        try:
            return self._files.upload(actor, upload)["state"] != "refused"
        except NotFound:
            return False

    @staticmethod
    def _delivery(delivery: Row) -> Row:
        if delivery["way"] == "pickup":
            return {"way": "pickup"}
        if delivery.get("phone"):
            try:
                delivery = {**delivery, "phone": mobile(delivery["phone"]).removeprefix("+86")}
            except ValueError as error:
                raise BadFields({"delivery.phone": [str(error)]}) from None
        return delivery

    def _gaps(self, row: Row) -> list[rules.Missing]:
        matter, situation = self._matter(row), self._situation(row)
        answers, form = self._unseal(row["_id"], "answers", row["answers"]), self._matters.form(matter)
        papers = self._matters.personal(matter, situation).papers
        known = self._matters.known(matter, situation)
        since = forms.wrong(form, forms.handed_in(form, answers, known), self._now())  # a date that has passed
        gaps = rules.missing(
            {**forms.missing(form, answers, known), **since},
            row["materials"],
            self._unseal(row["_id"], "delivery", row["delivery"]) if row["delivery"] else None,
            tuple(paper for paper in papers if paper.key not in forms.fills(form, matter.materials)),
            lambda upload: self._files.accepted(row["owner"], upload) is not None,
        )
        return [*self._over(matter), *gaps, *self._wrong_person(row, answers)]

    def _wrong_person(self, row: Row, answers: Row) -> list[rules.Missing]:
        """A mandate covers the person or the company that gave it, nobody else: their numbers are compared."""
        if not row.get("mandate"):
            return []
        principal = self._mandates.principal(row["mandate"])
        if principal["kind"] == mandate_rules.COMPANY:
            return self._wrong_company(row, answers, principal)
        given = answers.get("id_number")
        if not given or self._keys.index("id_number", identity_number(given, self._now())) == principal["index"]:
            return []
        return [rules.Missing("请填写委托人本人的身份证号。", field="id_number")]

    def _wrong_company(self, row: Row, answers: Row, principal: Row) -> list[rules.Missing]:
        matter, given = self._matter(row), answers.get("credit_code")
        if self._matters.known(matter, self._situation(row))["applicant"] != "company":
            closed = bool(self._matters.wrong_answers(matter, AS_COMPANY))
            why = "委托人是单位，这件事只能由个人申请。" if closed else "委托人是单位，请在“您的情况”里选公司、单位。"
            return [rules.Missing(why, field="situation")]
        if not given or self._keys.index("credit_code", credit_code(given)) == principal["index"]:
            return []
        return [rules.Missing("请填写委托单位的统一社会信用代码。", field="credit_code")]

    def _for(self, row: Row) -> Row | None:
        mandate_id = row.get("mandate")
        if not mandate_id:
            return None
        return {"mandate": mandate_id, "name": self._mandates.principal(mandate_id)["principal_name"]}

    def _told(self, row: Row) -> Row:
        """What the person has said and uploaded."""
        return {
            "answers": self._unseal(row["_id"], "answers", row["answers"]),
            "situation": self._situation(row),
            "materials": row["materials"],
        }

    def _face(self, row: Row) -> Row:
        return {
            "id": row["_id"],
            "version": row["version"],
            "matter": row["matter"],
            **self._told(row),
            "newer_version": self._newer(row),
            "taken_until": None if row["case"] else self._matters.taken_until(self._matter(row)),
            "moved": row.get("moved"),
            "delivery": self._unseal(row["_id"], "delivery", row["delivery"]) if row["delivery"] else None,
            "missing": [vars(gap) for gap in self._gaps(row)] if not row["case"] else [],
            "case": row["case"],
            "for_": self._for(row),
            "talk": row.get("talk"),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
        }

    def _seal(self, record: str, field: str, value: Row) -> str:
        return self._keys.seal(record, field, json.dumps(value, ensure_ascii=False))

    def _unseal(self, record: str, field: str, sealed: str) -> Row:
        return json.loads(self._keys.open_sealed(record, field, sealed))
