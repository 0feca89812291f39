"""The quick way of reading a question beside the schema: what it reads, the schema reads alike."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from api.circle.schemas.circle import QuestionSchema, plain_question

NUMBERS = st.one_of(
    st.floats(-200, 200).map(lambda number: f"{number:.7f}"),
    st.sampled_from(["108.95", "34", "-0", "0.1", "", "nan", "inf", "1e2", "1_0", " 1", "1 ", "٣", "+1", ".5", "1."]),
)
SMALL = st.one_of(st.integers(-2, 520).map(str), st.sampled_from(["", "1.0", "060", "٣", "0x1", "five"]))
TIMES = st.one_of(
    st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}+08:00"),
    st.sampled_from(["2026-11-24T10:00:00Z", "2026-13-01T10:00:00+08:00", "2026-02-30T10:00:00+08:00", "2026-11-24"]),
)
WORDS = st.one_of(st.text(max_size=6), st.sampled_from(["walk", "drive", "gcj02", "any", "XC-1", "wgs84", "arrival"]))
VALUES = {"lon": NUMBERS, "lat": NUMBERS, "minutes": SMALL, "limit": SMALL, "at": TIMES}
PAIRS = st.sampled_from(["lon", "lat", "crs", "mode", "minutes", "matter", "open", "at", "facilities", "limit", "x"])
QUESTIONS = st.lists(PAIRS, max_size=9).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), VALUES.get(name, WORDS)) for name in names))
)


@given(NUMBERS, NUMBERS, QUESTIONS)
def test_what_is_read_quickly_the_schema_reads_alike(lon: str, lat: str, others: tuple[tuple[str, str], ...]) -> None:
    query = urlencode([("lon", lon), ("lat", lat), *others])
    quickly = plain_question(query)
    if quickly is not None:
        assert quickly == QuestionSchema().load(dict(parse_qsl(query, keep_blank_values=True)))


@pytest.mark.parametrize(
    "query",
    [
        "lon=108.95&lat=34.26",
        "lon=108.95&lat=34.26&crs=gcj02&mode=walk_slow&minutes=60&matter=XC-1&open=any&limit=499",
        "lon=-0&lat=0.5&at=2026-11-24T10%3A00%3A00%2B08%3A00",
        "lon=108.95&lat=34.26&at=2026-11-24T10:00:00%2B08:00",
    ],
)
def test_plain_questions_are_read_quickly(query: str) -> None:
    assert plain_question(query) == QuestionSchema().load(dict(parse_qsl(query)))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lon=108.95",
        "lon=108.95&lat=34.26&lat=34.27",
        "lon=108.95&lat=34.26&",
        "lon=108.95&lat=34.26&minutes=61",
        "lon=108.95&lat=34.26&matter=%E8%AF%81",
        "lon=108.95&lat=34.26&facilities=wheelchair",
        "lon=108.95&lat=34.26&at=2026-02-30T10%3A00%3A00%2B08%3A00",
    ],
)
def test_all_else_is_left_to_the_schema(query: str) -> None:
    assert plain_question(query) is None


def test_the_schema_refuses_what_is_not_a_number() -> None:
    with pytest.raises(ValidationError):
        QuestionSchema().load({"lon": "nan", "lat": "34"})
