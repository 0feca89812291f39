"""The way in, the expected wait, presence."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.desk import routing, waiting_time
from chat.desk.presence import LEASE, Presence, changed
from chat.refusals import BadFields
from chat.talk import deadlines
from tests.chat.office import Hours, hours_later

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_an_open_desk_queues_and_a_closed_one_takes_a_message_with_a_promise():
    assert routing.way_in(Hours(), NOW) == ("queued", None)
    closed = hours_later(NOW)
    assert routing.way_in(closed, NOW) == ("left_message", closed.next_opens_at + deadlines.ANSWER)


def test_the_wait_is_a_range_around_the_measured_pace_and_grows_with_the_place():
    measured = [(120.0, 1), (240.0, 2), (360.0, 2), (90.0, 1), (600.0, 5)]
    assert waiting_time.pace(measured) == 2.0
    assert [waiting_time.wait_range(position, measured) for position in (1, 2, 5)] == [(1, 3), (2, 6), (5, 15)]


def test_without_enough_measurements_a_constant_is_assumed():
    assert waiting_time.wait_range(1, [(9.0, 1)] * (waiting_time.ENOUGH_SAMPLES - 1)) == (2, 6)


def test_nobody_is_told_to_wait_for_no_minutes():
    assert waiting_time.wait_range(1, [(1.0, 1)] * waiting_time.ENOUGH_SAMPLES) == (0, 1)


def test_an_officer_is_here_while_the_lease_holds_and_they_say_so():
    here = Presence("a", "王窗口", until=NOW + LEASE)
    assert here.is_here(NOW)
    assert not here.is_here(NOW + LEASE)
    assert not changed(here, {"state": "away"}).is_here(NOW)
    assert not Presence("a", "王窗口").is_here(NOW)


def test_presence_takes_a_part_at_a_time_and_refuses_what_makes_no_sense():
    here = Presence("a", "王窗口", until=NOW + timedelta(minutes=1))
    assert (changed(here, {"capacity": 3}).state, changed(here, {"capacity": 3}).capacity) == ("here", 3)
    nonsense = [("state", "busy"), ("state", []), *(("capacity", one) for one in (0, 21, True, "3"))]
    nonsense += [("takes", "all"), ("skills", "户籍"), ("skills", [""]), ("skills", ["x"] * 31)]
    for name, value in nonsense:
        with pytest.raises(BadFields):
            changed(here, {name: value})


def hand(name: str, held: int = 0, **said_: object) -> routing.OfficerLoad:
    return routing.OfficerLoad(Presence(name, name, until=NOW + LEASE, takes="push", **said_), held)


def test_a_conversation_is_given_to_who_is_least_loaded_for_their_capacity_and_knows_the_matter():
    hands = [hand("a", 2), hand("b", 2, capacity=10), hand("c", 0, skills=("不动产",))]
    assert routing.choose(hands, ["户籍", "居住"], None, NOW).member == "b"
    assert routing.choose(hands, ["不动产"], None, NOW).member == "c"
    assert routing.choose(hands, [], "a", NOW).member == "a"


def test_nobody_is_given_one_who_is_away_full_or_takes_them_by_hand():
    by_hand = routing.OfficerLoad(Presence("c", "c", until=NOW + LEASE), 0)
    nobody = [hand("a", 5), hand("b", state="away"), by_hand, hand("d", skills=("户籍",))]
    assert routing.choose(nobody, ["不动产"], "a", NOW) is None
    assert routing.choose([hand("e")], [], None, NOW + LEASE) is None
