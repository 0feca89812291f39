"""What was acknowledged stays, whatever dies; and two processes in one conversation agree on its order."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from uuid6 import uuid7

from api.storage.database import Database
from chat import INDEXES, Chat
from chat.refusals import Unavailable
from tests.chat.mortal import MortalStore
from tests.chat.office import FAST, Office, said, utc_now

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalStore]:
    """A store that may be killed."""
    store = MortalStore(tmp_path / "data")
    store.start()
    yield store
    store.kill()


def test_a_store_killed_between_acknowledged_writes_loses_doubles_and_reorders_nothing(
    mortal: MortalStore, office: Office
):
    database = Database(mortal.uri, "durable")
    database.ensure(INDEXES)
    chat = Chat(database, ports=office.ports(), now=utc_now, posts_a_minute=FAST)
    citizens = [office.citizen(name) for name in "甲乙丙丁"]
    talks = [chat.open(who, str(uuid7()), {})["id"] for who in citizens]
    acknowledged: dict[str, list[tuple[str, int]]] = {talk: [] for talk in talks}

    def talk(who, conversation):
        for n in range(50):
            post = said(f"{n}")
            while True:
                try:
                    seq = chat.post(who, conversation, post)["seq"]
                    break
                except Unavailable:
                    continue
            acknowledged[conversation].append((post["client_id"], seq))

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(talk, who, where) for who, where in zip(citizens, talks, strict=True)]
        for round_ in range(3):
            wanted = 40 * (round_ + 1) + random.Random(round_).randrange(10)
            while sum(map(len, acknowledged.values())) < wanted and not all(job.done() for job in jobs):
                time.sleep(0.001)
            mortal.kill()
            mortal.start()
        for job in jobs:
            job.result()

    for who, conversation in zip(citizens, talks, strict=True):
        shown = chat.messages(who, conversation, "public", 0, 200)["items"]
        assert [one["seq"] for one in shown] == list(range(1, 52))
        assert [(one["client_id"], one["seq"]) for one in shown[1:]] == acknowledged[conversation]
    chat.close()
    database.close()


def test_two_processes_in_one_conversation_leave_no_gap_and_keep_each_senders_order(
    store_uri, database, chat, citizen, ask
):
    talk = ask()
    command = [sys.executable, "-m", "tests.chat.talker", store_uri, database.handle.name, talk, citizen.id, "80"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    numbers = [mine for process in processes for mine in json.loads(process.communicate(timeout=90)[0])]
    assert [process.returncode for process in processes] == [0, 0]
    assert all(mine == sorted(mine) for mine in numbers)
    assert sorted(seq for mine in numbers for seq in mine) == list(range(2, 162))
    shown = chat.messages(citizen, talk, "public", 0, 200)["items"]
    assert [one["seq"] for one in shown] == list(range(1, 162))
