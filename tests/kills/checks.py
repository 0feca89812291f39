"""Consistency checks of the store after a crash: nothing is there by half, nothing twice, and no work is stuck."""

from collections import Counter
from typing import Any

from api.cases.case import OPEN
from api.cases.documents.document import OF_ACT
from api.cases.life.acts import EVENTS, fold
from api.cases.promises.deferral import LATE
from api.cases.promises.promise import BROKEN
from notifications.notice import NEWS_WITHIN
from tests.kills.child import World

TOLD = {f"case.{what}" for what in ("submitted", "accepted", "deemed_accepted", "declined", "supplement_requested")}
TOLD |= {f"case.{what}" for what in ("withdrawn", "decided", "issued", "handed_over")}
TOLD |= {f"case.{what}" for what in ("procedure_started", "procedure_ended", "extension_approved")}
TOLD |= {
    f"case.{what}" for what in ("deferred", "promise_checked", "due_changed", "corrected", "reissued", "terminated")
}
"""Each of these events of a case leads to exactly one notice to the applicant."""
CHANNELS = {"in_app": {"accepted"}, "sms": {"accepted", "sent", "delivered"}}


def faults(world: World) -> list[str]:
    """Every inconsistency in the store, in words; empty if there is none."""
    found: list[str] = []
    for look in (_cases, _dues, _promises, _documents, _events, _notices, _work, _uploads):
        found += look(world)
    return found


def _rows(world: World, collection: str, **wanted: Any) -> list[dict[str, Any]]:
    return list(world.office.database[collection].find(wanted).sort("_id", 1))


def _cases(world: World) -> list[str]:
    """A case, its actions, their events, its snapshot and its draft belong together."""
    found, cases = [], _rows(world, "cases")
    for row in cases:
        actions = world.office.cases.actions(row["_id"])
        if [action.seq for action in actions] != list(range(1, row["version"] + 1)):
            found.append(f"case at version {row['version']} has the actions {[(a.seq, a.act) for a in actions]}")
        elif fold(actions).state != row["state"]:
            found.append(f"the snapshot says {row['state']}, the actions {fold(actions).state}")
        events = [event["type"] for event in _rows(world, "events", subject=row["_id"])]
        if Counter(events) != Counter(EVENTS[action.act] for action in actions):
            found.append(f"actions {[action.act for action in actions]} with the events {events}")
        if len(_rows(world, "drafts", case=row["number"])) != 1:
            found.append("a case without its draft")
    known = {row["_id"] for row in cases}
    found += ["an action without its case" for row in _rows(world, "case_actions") if row["case"] not in known]
    numbers = {row["number"] for row in cases} | {None}
    return found + ["a draft with a case that is none" for row in _rows(world, "drafts") if row["case"] not in numbers]


def _dues(world: World) -> list[str]:
    """No calendar has moved a due of which the applicant was told, unless that was told too."""
    cases, found = world.office.cases, []
    for row in _rows(world, "cases"):
        record = cases._store.by_id(row["_id"])
        if record is not None and record.state in OPEN and (moved := cases.deadlines._moved(record)):
            found.append(f"dues that moved and were not told: {moved}")
    return found


def _promises(world: World) -> list[str]:
    """Each act that says that a promise was broken has recorded it, and no other has."""
    found = []
    for row in _rows(world, "cases"):
        actions = world.office.cases.actions(row["_id"])
        wanted = sum(
            {BROKEN, LATE} & {action.data.get("outcome"), action.data.get("cause")} != set() for action in actions
        )
        if (there := len(_rows(world, "broken_promises", case=row["_id"]))) != wanted:
            found.append(f"{there} broken promises are recorded, wanted {wanted}")
    return found


def _documents(world: World) -> list[str]:
    """Each act that has a document has one, and no other has."""
    found = []
    for row in _rows(world, "cases"):
        wanted = [action.seq for action in world.office.cases.actions(row["_id"]) if action.act in OF_ACT]
        there = sorted(document["seq"] for document in _rows(world, "case_documents", case=row["_id"]))
        if there != wanted:
            found.append(f"documents of the acts {there}, wanted of {wanted}")
    return found


def _events(world: World) -> list[str]:
    """Every event has had all its reactions, and each that leads to a notice led to one."""
    found, reactions = [], world.office.reactions
    for row in _rows(world, "events"):
        wanted = sorted(name for name, _ in reactions.get(row["type"], ()))
        if row["state"] != "done" or sorted(row["done"]) != wanted:
            found.append(f"event {row['type']} is {row['state']} with {row['done']} of {wanted}: {row.get('reason')}")
        told = _rows(world, "notices", key={"$regex": f"^{row['_id']}:"})
        if row["type"] in TOLD and len(told) != (row["data"].get("spot") != "step"):
            found.append(f"event {row['type']} has {len(told)} notices")
    return found


def _notices(world: World) -> list[str]:
    """A notice goes out once by each of its channels, and the provider was given it once."""
    found, notices = [], [row for row in _rows(world, "notices") if row["template"] != "login_code"]
    taken = Counter(message["callback"].partition("notice=")[2][:36] for message in world.provider.ask("messages"))
    for notice in notices:
        deliveries = _rows(world, "deliveries", notice=notice["_id"])
        if sorted(row["channel"] for row in deliveries) != sorted(CHANNELS):
            found.append(f"notice {notice['template']} has the deliveries {[row['channel'] for row in deliveries]}")
        for row in deliveries:
            is_over = row["state"] == "expired" and world.clock() - row["created_at"] > NEWS_WITHIN
            if row["state"] not in CHANNELS.get(row["channel"], set()) and not is_over:
                found.append(f"{notice['template']} by {row['channel']} is {row['state']}: {row.get('error')}")
        if taken[notice["_id"]] != 1:
            found.append(f"the provider was given {notice['template']} {taken[notice['_id']]} times")
    return found


def _work(world: World) -> list[str]:
    """Nothing is parked or due, and no key is still in flight."""
    office, now = world.office, world.clock()
    found = [f"parked in {row['collection']}: {row.get('reason')}" for row in office.jobs.parked()]
    due = [row for queue in ("jobs", "slow_jobs") for row in _rows(world, queue, state="pending", due_at={"$lte": now})]
    found += [f"job {row['kind']} is still due: {row.get('reason')}" for row in due]
    notice = {"kind": "cases.deadline", "payload.kind": "notice"}
    silence = Counter(row["payload"]["case"] for row in _rows(world, "jobs", **notice))
    for case in _rows(world, "cases"):
        arrivals = sum(action.act in ("submit", "supplement") for action in office.cases.actions(case["_id"]))
        most = arrivals if case["clock_facts"]["deemed_acceptance"] else 0
        if not min(1, most) <= silence[case["_id"]] <= most:
            found.append(f"{silence[case['_id']]} jobs wait for the office's silence")
    found += ["a receipt is still due" for _ in _rows(world, "receipts", due_at={"$lte": now})]
    in_flight = _rows(world, "idempotency", state="in_flight")
    return found + [f"a key is in flight: {row['_id'].partition(':')[2]}" for row in in_flight]


def _uploads(world: World) -> list[str]:
    """No upload is half, none has lost its content, no content is nobody's."""
    found = [f"an upload is {row['state']}" for row in _rows(world, "uploads") if row["state"] not in {"accepted"}]
    kept = {row["_id"] for row in _rows(world, "files.files")}
    chunks = world.office.database["files.chunks"].distinct("files_id")
    found += ["pieces of a file that is nobody's" for owner in chunks if owner not in kept]
    return found + ["parts of an upload that is complete" for _ in _rows(world, "upload_parts")]
