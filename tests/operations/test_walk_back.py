"""A page read back in time: no gap, no repeat, however rows lie, and no more rows read than a page may cost."""

from datetime import UTC, datetime, timedelta

import pytest

from api.storage.database import EARLIEST, MOST_WALKED
from tests.shapes import SHAPES

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def fill(database):
    """Fill a collection with rows of these ages in seconds."""
    database.ensure([("walked", [("who", 1), ("at", 1)], {})])

    def rows(ages, who="me"):
        database["walked"].insert_many(
            [{"_id": f"{who}-{n:05d}", "who": who, "at": NOW - timedelta(seconds=age)} for n, age in enumerate(ages)]
        )

    return rows


def pages(database, keep=lambda row: True, most=7, who=("me",)):
    """All pages, as lists of ids."""
    after, listed = None, []
    while after is not None or not listed:
        streams = [{"who": each} for each in who]
        rows, after = database.walk_back(
            "walked", streams, "at", begin=EARLIEST, end=NOW, after=after, most=most, keep=keep
        )
        listed.append([row["_id"] for row in rows])
    return listed


def wanted(database, who=("me",)):
    rows = sorted(database["walked"].find({"who": {"$in": list(who)}}), key=lambda row: (row["at"], row["_id"]))
    return [row["_id"] for row in reversed(rows)]


@pytest.mark.parametrize(
    "ages",
    [
        [],
        [0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [*range(30), 10_000, 10_000, 40_000_000, 1_500_000_000],
        [n * n * 37 for n in range(60)],
    ],
)
def test_every_row_once_and_the_newest_first(database, fill, ages):
    if ages:
        fill(ages)
    assert sum(pages(database), []) == wanted(database)


def test_several_streams_are_one_list(database, fill):
    fill(range(0, 300, 7))
    fill(range(0, 300, 11), "you")
    assert sum(pages(database, who=("me", "you")), []) == wanted(database, ("me", "you"))


def test_a_page_that_finds_nothing_ends_and_goes_on(database, fill):
    fill(range(2 * MOST_WALKED + 500))
    listed = pages(database, keep=lambda row: row["_id"] == f"me-{2 * MOST_WALKED + 400:05d}")
    assert sum(listed, []) == [f"me-{2 * MOST_WALKED + 400:05d}"]
    assert 2 <= len(listed) <= 4


@pytest.mark.parametrize(
    "after", ["x", "|", "2026-11-24", "0001-01-01T00:00:00+23:00|", "9999-12-31T23:59:59-23:00|x", "\0|"]
)
def test_what_no_page_gave_is_refused_or_ends(database, fill, after):
    fill([1, 2, 3])
    try:
        rows, following = database.walk_back(
            "walked", [{"who": "me"}], "at", begin=EARLIEST, end=NOW, after=after, most=9
        )
    except ValueError:
        return
    assert (len(rows) <= 3, following) == (True, None)


def test_no_query_of_it_grows_with_the_collection(database, fill):
    fill(range(50))
    pages(database)
    assert SHAPES.taken() == []
