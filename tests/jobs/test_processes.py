"""Several real worker processes on one store, and one that is killed in the middle of its work."""

import os
import signal
from collections import Counter

import pytest

from api.jobs.store import INDEXES, JobStore
from tests.jobs.crew import OpenJobs, die_between, fill, later, noting, now, process, told, work
from tests.show.jobs import report

pytestmark = pytest.mark.served


@pytest.fixture
def jobs(database):
    """Our own process, by the real time."""
    database.ensure(INDEXES)
    return OpenJobs(JobStore(database), now)


def test_three_processes_share_the_work_and_each_piece_is_done_once_and_each_subject_in_its_order(
    database, jobs, store_uri
):
    fill(database, jobs, 240, each=4)
    name = database.handle.name
    with (
        process(work, store_uri, name, 0, None) as (_, one),
        process(work, store_uri, name, 1, None) as (_, two),
        process(work, store_uri, name, 2, None) as (_, three),
    ):
        lines = (one, two, three)
        assert [told(line) for line in lines] == ["ready"] * 3
        for _ in ("events", "jobs"):
            for line in lines:
                line.send("go")
            assert sum(pieces for _, pieces in map(told, lines)) == 240
    ran = list(database["ran"].find())
    assert set(Counter(row["of"] for row in ran).values()) == {1}
    assert len(ran) == 480
    assert len({row["worker"] for row in ran}) > 1
    events = sorted((row for row in ran if "subject" in row), key=lambda row: row["at"])
    for subject in {row["subject"] for row in events}:
        order = [row["n"] for row in events if row["subject"] == subject]
        assert order == sorted(order)


def test_a_worker_killed_between_two_reactions_leaves_the_second_to_others_and_the_first_alone(
    database, jobs, store_uri
):
    fill(database, jobs, 1)
    with process(die_between, store_uri, database.handle.name) as (child, line):
        assert told(line) == "hanging"
        os.kill(child.pid, signal.SIGKILL)
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
    react, _ = noting(database, 1)
    seen = []
    jobs.reactions = {"report.made": (("a", react), ("b", lambda event: seen.append(event.id)))}
    assert jobs.dispatch(later(30)) is False, "its lease still holds"
    assert jobs.dispatch(later(61)) is True
    assert [row["worker"] for row in database["ran"].find()] == [0], "the first reaction ran once, before the kill"
    assert len(seen) == 1
    assert database["events"].find_one()["state"] == "done"


def test_what_is_shown_counts_every_piece():
    counts = report(seed=1, count=40, works=(0,))["work_of_0_ms"]
    for crew in ("one_worker", "two_workers"):
        for collection in ("events", "jobs"):
            assert sum(counts[crew][collection]["by_worker"]) == 40
