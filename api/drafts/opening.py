"""Opens a draft: decrypts each of its sealed fields, and looks up its matter and its mandate."""

from api.drafts.draft import Draft
from api.drafts.open_draft import Edition, OpenDraft
from api.identity.mandates.service import Mandates
from api.identity.sealing.keyring import Keyring
from api.matters.catalogue.matter import Matter
from api.matters.service import Matters

AS_COMPANY = {"applicant": "company"}
"""The answer about the situation that follows from a mandate of a company."""


def open_draft(record: Draft, keys: Keyring, matters: Matters, mandates: Mandates) -> OpenDraft:
    """Decrypt a draft, each sealed field once, and look up its matter and the principal of its mandate."""
    matter = matters.matter(record.matter.code, record.matter.version)
    situation = keys.open_json(record.id, "situation", record.situation) if record.situation else {}
    return OpenDraft(
        record=record,
        matter=matter,
        edition=edition_of(matters, matter, situation),
        situation=situation,
        answers=keys.open_json(record.id, "answers", record.answers),
        delivery=keys.open_json(record.id, "delivery", record.delivery) if record.delivery else None,
        newer=matters.later(matter),
        is_taken=matters.is_taken(matter),
        for_companies=not matters.wrong_answers(matter, AS_COMPANY),
        principal=mandates.principal(record.mandate) if record.mandate else None,
    )


def edition_of(matters: Matters, matter: Matter, situation: dict[str, str]) -> Edition:
    """A version of a matter as it applies in a situation."""
    personal = matters.personal(matter, situation)
    return Edition(personal.matter, personal.papers, matters.form(matter), matters.known(matter, situation))
