"""A circle on a real store, with points of the tests' own, and a generation of each network built once."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.calendar.hours import parse_hours
from api.circle.points_csv import write_points
from api.circle.ports import CirclePorts
from api.circle.service import Circle, Hosts
from api.circle.store import CircleStore
from api.circle.travel.reach import Position, Reach
from api.jobs.store import JobStore
from api.refusals import NotFound
from api.storage.database import Database
from tests.circle.places import HELSINKI, NOW, made, opening
from tests.jobs.crew import OpenJobs
from tests.show.circle import built, draw

ENTRIES = {"XC-1": {"code": "XC-1", "name": "区级事项", "level": ["区"], "sink_mode": {}}}


def entry(code: str) -> dict[str, Any]:
    """A catalogue of one matter."""
    if code not in ENTRIES:
        raise NotFound
    return ENTRIES[code]


def circle_on(
    database: Database, folder: Path, now: Callable[[], datetime] = lambda: NOW, hosts: Hosts = "one"
) -> Circle:
    """A circle on this store, its generations in `folder`; the time stands still unless said."""
    return Circle(
        CircleStore(database),
        folder=folder,
        transact=database.transact,
        announce=OpenJobs(JobStore(database), now).announce,
        record=lambda *words, session=None: None,
        now=now,
        opening=opening,
        check_hours=parse_hours,
        matter=entry,
        codes=lambda: list(ENTRIES),
        hosts=hosts,
        ports=CirclePorts(hangs_on=lambda point: {}),
    )


def csv_of_helsinki(folder: Path) -> Path:
    """Three points in Helsinki, one of them without a position."""
    points = [
        made("HEL-1", 24.9414, 60.1699, kind="hall", facilities=("wheelchair",)),
        made("HEL-2", 24.9460, 60.1722),
        made("HEL-3", None, None),
    ]
    file = folder / "helsinki.csv"
    file.write_text(write_points(points), encoding="utf-8")
    return file


@pytest.fixture
def new_circle(database: Database, tmp_path: Path) -> Callable[[], Circle]:
    """Makes circles on one store, as two processes of one host would have them."""
    return lambda: circle_on(database, tmp_path / "networks")


@pytest.fixture
def helsinki_csv(tmp_path: Path) -> Path:
    """Points to load."""
    return csv_of_helsinki(tmp_path)


@pytest.fixture(scope="module")
def helsinki(store_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Circle]:
    """A circle with the starter points, points in Helsinki and its streets; to be read only."""
    folder = tmp_path_factory.mktemp("helsinki")
    database = Database(store_uri, f"t{uuid4().hex}")
    circle = circle_on(database, folder / "networks")
    circle.start()
    assert circle.changes.load(csv_of_helsinki(folder)) == []
    circle.generations.add(HELSINKI)
    yield circle
    database.close()


@pytest.fixture(scope="session")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Reach, list[Position]]]:
    """A generation of a network with eight points, made once a run."""
    made_once: dict[str, tuple[Reach, list[Position]]] = {}

    def of(name: str) -> tuple[Reach, list[Position]]:
        if name not in made_once:
            goals = draw(name, 8, random.Random(f"tests {name}"))
            made_once[name] = built(name, goals, tmp_path_factory.mktemp("generation")), goals
        return made_once[name]

    return of


@pytest.fixture
def the_starter_points(app: Any) -> Any:
    """Leave the points as they were."""
    office = app.extensions["circle"]
    rows = list(office.database["points"].find())
    yield
    office.database["points"].delete_many({})
    office.database["points"].insert_many(rows)
    office.database["point_versions"].delete_many({"by": {"$ne": "starter"}})
    office.database["circle"].update_one({"_id": "current"}, {"$inc": {"revision": 1}})
    office.circle.follow(office.now())
