"""A bare Flask app that writes the rows of a submission, or of an act, in one transaction: the bound of our handling.

`gunicorn -k gevent tests.bench.bare_handling:app`, with BARE_STORE (URI) and BARE_ROWS, a file of extended JSON: by
`submit` and `act` the rows that ours wrote, by collection. It checks nobody's token and reads nothing first.
"""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

from bson import json_util
from flask import Flask

from api.storage.database import Database

ROWS: dict[str, dict[str, dict[str, Any]]] = json_util.loads(Path(os.environ["BARE_ROWS"]).read_text("utf-8"))
database = Database(os.environ["BARE_STORE"], "bare")
app = Flask("bare handling")


def copies(act: str) -> dict[str, dict[str, Any]]:
    """The rows of an act under new keys."""
    return {name: {**row, "_id": str(uuid4())} for name, row in ROWS[act].items()}


@app.post("/submit")
def submit() -> dict[str, str]:
    """Write a case with its first action and event, and its draft's end."""
    rows = copies("submit")
    case = rows["cases"]
    case["number"] = case["_id"]
    rows["case_actions"]["case"] = case["_id"]

    def write(session: Any) -> None:
        for name, row in rows.items():
            database[name].insert_one(row, session=session)

    database.transact(write)
    return {"case": case["_id"]}


@app.post("/act/<case>")
def act(case: str) -> dict[str, str]:
    """Write an action, its event and its line of the audit, and the new snapshot of its case."""
    rows = copies("act")
    snapshot = rows.pop("cases")
    change = {name: value for name, value in snapshot.items() if name not in ("_id", "number", "version")}
    rows["case_actions"]["case"] = case

    def write(session: Any) -> None:
        changed = {"$set": change, "$inc": {"version": 1}}
        assert database["cases"].update_one({"_id": case, "version": 1}, changed, session=session).modified_count
        for name, row in rows.items():
            database[name].insert_one(row, session=session)

    database.transact(write)
    return {"case": case}
