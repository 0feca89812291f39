"""A served process keeps answering rightly while other processes add points and networks, or die at it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from api.circle.generations import NetworkRefused
from api.circle.points_csv import write_points
from api.circle.service import Circle
from api.server import joined
from api.settings import read
from api.times import utc_now
from tests.circle.conftest import circle_on, csv_of_helsinki
from tests.circle.places import HELSINKI, made
from tests.serving import Served, log_in_staff, wait_for

QUESTION = {"lon": 24.9435, "lat": 60.1710, "open": "any", "at": "2026-11-24T10:00:00+08:00"}
FOLLOWED_S = 2.0
NOISY_S = 20.0
"""What a machine busy with other things may take more."""
PAUSE_S = 0.01
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running installation."""
    running = Served(tmp_path_factory.mktemp("served")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def other(served: Served) -> Iterator[Circle]:
    """The circle of another process, this one, on the same store: it has added points in Helsinki and its streets."""
    with joined(read(served.environ)) as database:
        circle = circle_on(database, served.folder / "var" / "networks", utc_now)
        assert circle.changes.load(csv_of_helsinki(served.folder)) == []
        circle.generations.add(HELSINKI)
        wait_for(lambda: got(served).ok and asked(served)["basis"] == "network")
        yield circle


def got(served: Served) -> requests.Response:
    """One response; a refusal as long as the process has heard of no point in Helsinki."""
    return requests.get(f"{served.base}/v1/circle", params=QUESTION, timeout=60)


def asked(served: Served) -> Answer:
    """One answer."""
    response = got(served)
    assert response.status_code == 200, response.text
    answer: Answer = response.json()
    return answer


def times(answer: Answer) -> dict[str, tuple[str, int]]:
    """What an answer says of each point."""
    return {row["id"]: (row["basis"], row["seconds"]) for row in answer["points"]}


@contextmanager
def questions(served: Served) -> Iterator[list[Answer]]:
    """Ask again and again while the block runs; all answers."""
    heard: list[Answer] = []
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            heard.append(asked(served))
            time.sleep(PAUSE_S)

    asking = threading.Thread(target=go_on)
    asking.start()
    try:
        wait_for(lambda: heard)
        yield heard
    finally:
        stop.set()
        asking.join(60)


def test_a_new_point_is_followed_within_two_seconds_and_the_others_times_never_waver(
    served: Served, other: Circle
) -> None:
    before = times(asked(served))
    file = served.folder / "third.csv"
    file.write_text(write_points([made("HEL-9", 24.9441, 60.1712)]), "utf-8")
    with questions(served) as heard:
        assert other.changes.load(file) == []
        begun = time.monotonic()
        wait_for(lambda: "HEL-9" in times(heard[-1]))
        assert time.monotonic() - begun < FOLLOWED_S + NOISY_S
    for answer in heard:
        told = times(answer)
        # It is there with its exact time from its first moment on.
        assert told.pop("HEL-9", None) in (None, times(heard[-1])["HEL-9"])
        assert told == before


def test_a_point_moved_elsewhere_is_followed_within_two_seconds_from_its_old_times_to_its_new_ones(
    served: Served, other: Circle
) -> None:
    before = times(asked(served))
    file = served.folder / "moved.csv"
    file.write_text(write_points([made("HEL-2", 24.9440, 60.1711)]), "utf-8")
    with questions(served) as heard:
        assert other.changes.load(file) == []
        begun = time.monotonic()
        wait_for(lambda: times(heard[-1])["HEL-2"] != before["HEL-2"])
        assert time.monotonic() - begun < FOLLOWED_S + NOISY_S
    after = times(heard[-1])
    assert after["HEL-2"][0] == "network"
    assert after["HEL-2"][1] < 90 < before["HEL-2"][1]
    for answer in heard:
        told = times(answer)
        assert told["HEL-2"] in (before["HEL-2"], after["HEL-2"])
        assert {**told, "HEL-2": None} == {**before, "HEL-2": None}


def test_a_point_moved_here_has_its_new_times_in_the_very_next_answer(served: Served, other: Circle) -> None:
    admin, path = log_in_staff(served, "admin"), "/v1/points/HEL-2"
    version = {"If-Match": f'"{admin.call("GET", path)["version"]}"'}
    admin.call("PATCH", path, json={"lon": 24.9480, "lat": 60.1735}, headers=version)
    basis, seconds = times(asked(served))["HEL-2"]
    assert basis == "network"
    assert seconds > 200
    other.follow(utc_now())
    assert other.point("HEL-2").position == (24.9480, 60.1735)


def test_a_new_network_is_followed_within_two_seconds_and_each_answer_is_of_one_generation(
    served: Served, other: Circle
) -> None:
    before = asked(served)
    with questions(served) as heard:
        other.generations.add(HELSINKI)
        begun = time.monotonic()
        wait_for(lambda: heard[-1]["generation"] != before["generation"])
        assert time.monotonic() - begun < FOLLOWED_S + NOISY_S
    assert {answer["generation"] for answer in heard} == {before["generation"], heard[-1]["generation"]}
    assert all({**answer, "generation": None} == {**before, "generation": None} for answer in heard)


def test_a_killed_builder_leaves_the_old_generation_and_the_next_one_clears_up(served: Served, other: Circle) -> None:
    before, networks = asked(served), served.folder / "var" / "networks"
    there = set(networks.iterdir())
    with questions(served) as heard, ThreadPoolExecutor(1) as pool:
        adding = pool.submit(other.generations.add, HELSINKI)
        os.kill(builder_at_work(networks, there), signal.SIGKILL)
        with pytest.raises(NetworkRefused):
            adding.result(60)
    assert all(answer == before for answer in heard)
    assert other.networks()[0]["generation"] == before["generation"]
    assert any(path.name.startswith(".") for path in networks.iterdir())

    other.generations.add(HELSINKI)
    assert not any(path.name.startswith(".") for path in networks.iterdir())


def builder_at_work(networks: Path, there: set[Path]) -> int:
    """The process id of the builder whose half-made folder has appeared; it stands at the end of the folder's name."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        fresh = [path for path in networks.iterdir() if path not in there]
        if fresh:
            assert fresh[0].name.startswith("."), "it was done too soon"
            return int(fresh[0].name.rpartition(".")[2])
        time.sleep(0.001)
    raise AssertionError("no builder at work")
