"""Many members of staff act on one case at the same moment, by real threads over HTTP: one of them wins."""

import json
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from api.cases.life.acts import EVENTS, fold
from api.office import Office
from tests.show.busy_office import Person

LATE = {(412, "version_stale"), (409, "act_not_allowed")}
"""What those are told who were later."""


class Try(NamedTuple):
    """What somebody tries on a case, and what came of it."""

    act: str
    status: int
    code: str


def contest(base: str, case: dict[str, Any], tries: Sequence[tuple[Person, dict[str, Any]]]) -> list[Try]:
    """Let everybody do their act on the same version of a case at once; gives what came of each."""
    gate = threading.Barrier(len(tries))

    def attempt(person: Person, body: dict[str, Any]) -> Try:
        with closing(HTTPConnection(urlsplit(base).netloc, timeout=120)) as line:
            line.connect()
            headers = {
                "Authorization": f"Bearer {person.token}",
                "Idempotency-Key": str(uuid4()),
                "If-Match": f'"{case["version"]}"',
                "Content-Type": "application/json",
            }
            gate.wait()
            line.request("POST", f"/v1/cases/{case['number']}/actions", json.dumps(body), headers)
            answer = line.getresponse()
            return Try(body["act"], answer.status, json.loads(answer.read()).get("code", ""))

    with ThreadPoolExecutor(len(tries)) as people:
        return list(people.map(attempt, *zip(*tries, strict=True)))


def faults(office: Office, case: dict[str, Any], results: Sequence[Try]) -> list[str]:
    """What is wrong after a contest: not one winner, another answer for the rest, or an act that is there by half."""
    won = [one for one in results if one.status == 200]
    others = Counter((one.status, one.code) for one in results if one.status != 200)
    wrong = [] if len(won) == 1 else [f"{len(won)} won: {won}"]
    wrong += [f"{times} were answered {answer}" for answer, times in others.items() if answer not in LATE]
    row = office.database["cases"].find_one({"number": case["number"]})
    assert row is not None
    actions = office.cases.actions(row["_id"])
    if [action.seq for action in actions] != list(range(1, case["version"] + 2)) or row["version"] != len(actions):
        wrong.append(f"version {row['version']} with the acts {[(one.seq, one.act) for one in actions]}")
    if won and actions[-1].act != won[0].act:
        wrong.append(f"{won[0].act} won and {actions[-1].act} is there")
    standing = fold(actions)
    if (standing.state, standing.officer) != (row["state"], row["officer"]):
        wrong.append(f"the snapshot says {row['state']} of {row['officer']}, the acts {standing}")
    events = Counter(event["type"] for event in office.database["events"].find({"subject": row["_id"]}))
    if events != Counter(EVENTS[action.act] for action in actions):
        wrong.append(f"the acts {[one.act for one in actions]} with the events {dict(events)}")
    audit = Counter(line["act"] for line in office.database["audit"].find({"subject": f"case:{row['_id']}"}))
    for act in {one.act for one in results}:
        there = sum(action.act == act for action in actions)
        if audit[f"case.{act}"] != there:
            wrong.append(f"{there} times {act}, {audit[f'case.{act}']} times in the audit")
    return wrong
