"""The catalogue over a real store: loading, versions, following."""

from datetime import date, timedelta

import pytest

from api.matters.service import Matters
from api.matters.store import MatterStore
from api.refusals import NotFound
from api.storage.database import Database
from tests.conftest import Clock
from tests.matters.starter import RECORDS

CODE = "XC-行政许可-001"


def due(days: int, unit: str, start: date) -> date:
    """A calendar without rest days."""
    return start + timedelta(days=days)


@pytest.fixture
def store(database: Database) -> MatterStore:
    """The collections, empty."""
    return MatterStore(database)


@pytest.fixture
def matters(store: MatterStore, clock: Clock) -> Matters:
    """The catalogue with its starter matters."""
    room = Matters(store, due=due, now=clock)
    room.start()
    return room


def test_the_starter_is_loaded_once_however_often_one_starts(matters: Matters, store: MatterStore) -> None:
    assert matters.load_starter() == 0
    assert store.revision() == 1
    assert len(store.versions()) == len(matters.codes()) == 74


def test_a_version_that_is_there_is_never_changed(matters: Matters, store: MatterStore) -> None:
    assert store.add([{**RECORDS[0], "name": "另一个名字"}]) == 0
    assert store.versions()[0]["name"] != "另一个名字"


def test_a_new_version_is_followed_and_the_old_one_stays(matters: Matters, store: MatterStore, clock: Clock) -> None:
    store.add([{**RECORDS[0], "version": 2, "name": "食品经营许可新版"}])
    assert matters.matter(CODE).version == 1
    assert matters.follow(clock()) is True
    assert (matters.matter(CODE).version, matters.matter(CODE, 1).version) == (2, 1)
    assert matters.search("食品经营许可新版", 1)[0]["name"] == "食品经营许可新版"
    assert matters.follow(clock()) is False


def test_a_version_comes_into_force_on_its_day_in_beijing(matters: Matters, store: MatterStore, clock: Clock) -> None:
    store.add([{**RECORDS[0], "version": 2, "valid_from": "2026-11-25"}])
    matters.follow(clock())
    assert matters.matter(CODE).version == 1
    clock.move(hours=14)
    assert matters.follow(clock()) is True
    assert matters.matter(CODE).version == 2


@pytest.mark.parametrize(("code", "version"), [("XC-没有", None), (CODE, 7)])
def test_what_is_not_there_is_refused(matters: Matters, code: str, version: int | None) -> None:
    with pytest.raises(NotFound):
        matters.matter(code, version)


def test_every_matter_of_a_package_and_of_the_construction_stages_is_in_the_catalogue(matters: Matters) -> None:
    construction = matters.construction_classes()
    named = [one for package in matters.packages() for one in package["matters"]]
    named += [one for stage in construction["stages"] for one in stage["matters"]] + construction["parallel"]
    assert all(matters.matter(one["code"]).name == one["name"] for one in named)
