"""The public lists: computed, with their formula and date, and nothing typed."""

from typing import Any

import pytest

from tests.matters.starter import RECORDS

COUNTED_BY_HAND = {
    "at-most-once": 74,
    "no-visit": 28,
    "online": 70,
    "wholly-online": 26,
    "at-once": 23,
    "at-home": 25,
    "courier": 72,
    "sunk-to-streets": 25,
}
"""Of the 74 starter matters."""


def test_every_list_says_how_many_of_how_many_by_which_formula_and_when(anyone: Any) -> None:
    faces = {face["name"]: face for face in anyone.get("/v1/lists")["items"]}
    assert {name: faces[name]["count"] for name in COUNTED_BY_HAND} == COUNTED_BY_HAND
    assert {face["of"] for face in faces.values()} == {74}
    assert (faces["no-visit"]["percent"], faces["no-visit"]["date"]) == (37.8, "2026-11-24")
    assert faces["no-visit"]["formula"] == "到办事现场次数为 0"


@pytest.mark.parametrize("name", [*COUNTED_BY_HAND, "high-frequency"])
def test_a_list_names_as_many_matters_as_it_counts(anyone: Any, name: str) -> None:
    found = anyone.get(f"/v1/lists/{name}")
    assert len(found["items"]) == found["count"] > 0


def test_a_list_names_the_right_matters(anyone: Any) -> None:
    codes = {item["code"] for item in anyone.get("/v1/lists/at-home")["items"]}
    assert codes == {record["code"] for record in RECORDS if record["at_home"]}


def test_there_is_no_other_list(anyone: Any) -> None:
    assert anyone.get("/v1/lists/best", expect=404)["code"] == "not_found"
