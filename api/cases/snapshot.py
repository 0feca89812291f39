"""Makes what an action stores: the action, sealed, and the new snapshot of its case."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from uuid6 import uuid7

from api.calendar.calendar import WorkingCalendar
from api.cases import case as rules
from api.cases import queues
from api.cases.case import Action, SealedAction
from api.cases.clock.dues import dues
from api.cases.clock.of_case import MatterLike, carried, clock_facts
from api.cases.life.acts import RULES, apply
from api.cases.life.standing import CaseStanding
from api.cases.open_case import OpenCase
from api.identity.masking import mask_name
from api.identity.names_and_numbers import clean_name, mobile
from api.identity.sealing.keyring import Keyring
from api.times import BEIJING


class CalendarLike(Protocol):
    """The working days, and the version that they have."""

    @property
    def working(self) -> WorkingCalendar: ...
    @property
    def version(self) -> int: ...


NAME, PHONE = "applicant_name", "applicant_phone"
"""The kinds of the blind indexes by which staff search."""


def snapshot(
    matter: MatterLike, standing: CaseStanding, actions: Sequence[Action], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a case that are computed from its actions; `matter` is as it applies to this applicant.

    `before` is the clock's input that this replaces; empty for a new case.
    """
    return {
        "state": standing.state,
        "officer": standing.officer,
        "uploads": rules.uploads(actions),
        "clock_facts": carried(clock_facts(matter, actions), before),
        "updated_at": actions[-1].at,
        "end": standing.end,
        "held_since": _held_since(standing, actions),
    }


def after(case: OpenCase, action: Action) -> OpenCase:
    """The case with one more action, which is not checked here."""
    standing, actions = apply(case.standing, action), (*case.actions, action)
    fields = snapshot(case.edition.matter, standing, actions, case.record.clock_facts)
    department = standing.department or case.record.department
    is_sent = case.record.is_sent and action.act != "reissue"  # what was made anew lies here
    record = replace(case.record, version=action.seq, department=department, is_sent=is_sent, **fields)
    return queued(replace(case, record=record, standing=standing, actions=actions))


def queued(case: OpenCase) -> OpenCase:
    """The case with its place in the queues, as its last action leaves it (queues.py)."""
    entry = queues.entry(case.record, case.standing, str(case.delivery.get("way", "")), case.calendar)
    return replace(case, record=replace(case.record, queue=entry))


def named(case: OpenCase, keys: Keyring) -> OpenCase:
    """The case with what lists need of its answers: the masked name that they show, and by what staff search."""
    record, answers = case.record, case.answers
    name, phone = str(answers.get("applicant_name", "")), str(answers.get("phone") or "")
    return replace(
        case,
        record=replace(
            record,
            masked_name=keys.seal(record.id, "masked_name", mask_name(name)),
            name_index=keys.index_to_store(NAME, normal) if (normal := name_as_searched(name)) else None,
            phone_index=keys.index_to_store(PHONE, normal) if (normal := phone_as_searched(phone)) else None,
        ),
    )


def name_as_searched(text: str) -> str | None:
    """A name in the form that is indexed; None if it is none."""
    try:
        return clean_name(text)
    except ValueError:
        return None


def phone_as_searched(text: str) -> str | None:
    """A mobile number in the form that is indexed; None if it is none."""
    try:
        return mobile(text)
    except ValueError:
        return None


def _held_since(standing: CaseStanding, actions: Sequence[Action]) -> datetime | None:
    """When the officer who holds a case did something last, or was given it; None while nobody holds it."""
    own = [action.at for action in actions if standing.officer in (action.by, action.data.get("officer"))]
    return own[-1] if standing.officer and own else None


def acted(case: OpenCase, action: Action, calendar: CalendarLike) -> OpenCase:
    """The case after an act as it is recorded: with the dues that the applicant is told by it."""
    done = after(case, action)
    if RULES[action.act].visibility != "open":
        return done
    return after(case, telling(action, done.record.clock_facts, calendar))


def telling(action: Action, facts: Mapping[str, Any], calendar: CalendarLike) -> Action:
    """The action with the dues that its notice or paper tells (dues.py); `facts` are the clock's input after it."""
    days = dues(facts, action.at.astimezone(BEIJING), calendar.working).days
    return replace(action, data={**action.data, "dues": days, "calendar": calendar.version})


def sealed_action(keys: Keyring, case_id: str, action: Action) -> SealedAction:
    """An action as it is stored: under a new id, its data sealed."""
    action_id = str(uuid7())
    return SealedAction(
        id=action_id,
        v=rules.ACTION_VERSION,
        case=case_id,
        seq=action.seq,
        act=action.act,
        at=action.at,
        by=action.by,
        role=action.role,
        data=keys.seal_json(action_id, "data", action.data),
    )
