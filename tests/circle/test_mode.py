"""What each mode reads from the tags of streets and barriers."""

import pytest

from api.circle.travel.mode import Mode, Pace, bars, speeds

PACE = Pace()


def open_ways(mode: Mode, **tags: str) -> str:
    """`>` along, `<` against, as open."""
    along, against = speeds(mode, {key.replace("__", ":"): value for key, value in tags.items()}, PACE)
    return ">" * bool(along) + "<" * bool(against)


@pytest.mark.parametrize(
    ("tags", "walk", "bike", "drive"),
    [
        ({"highway": "residential"}, "><", "><", "><"),
        ({"highway": "residential", "oneway": "yes"}, "><", ">", ">"),
        ({"highway": "residential", "oneway": "-1"}, "><", "<", "<"),
        ({"highway": "residential", "oneway": "yes", "oneway__bicycle": "no"}, "><", "><", ">"),
        ({"highway": "residential", "oneway": "yes", "cycleway": "opposite_lane"}, "><", "><", ">"),
        ({"highway": "residential", "oneway": "yes", "cycleway__left": "opposite"}, "><", "><", ">"),
        (
            {"highway": "residential", "oneway": "yes", "cycleway__left": "lane", "cycleway__left__oneway": "-1"},
            "><",
            "><",
            ">",
        ),
        (
            {"highway": "tertiary", "oneway": "yes", "cycleway__right": "track", "cycleway__right__oneway": "no"},
            "><",
            "><",
            ">",
        ),
        (
            {"highway": "tertiary", "oneway": "yes", "cycleway__both": "lane", "cycleway__both__oneway": "no"},
            "><",
            "><",
            ">",
        ),
        (
            {"highway": "residential", "oneway": "yes", "cycleway__left": "separate", "cycleway__left__oneway": "no"},
            "><",
            ">",
            ">",
        ),
        ({"highway": "residential", "oneway": "yes", "cycleway__right": "lane"}, "><", ">", ">"),
        ({"highway": "residential", "oneway": "reversible"}, "><", "", ""),
        ({"highway": "tertiary", "junction": "roundabout"}, "><", ">", ">"),
        ({"highway": "tertiary", "junction": "roundabout", "oneway": "no"}, "><", "><", "><"),
        ({"highway": "motorway"}, "", "", ">"),
        ({"highway": "trunk", "motorroad": "yes"}, "", "", "><"),
        ({"highway": "service", "access": "private"}, "", "", ""),
        ({"highway": "service", "access": "private", "foot": "yes"}, "><", "", ""),
        ({"highway": "service", "access": "no", "motor_vehicle": "destination"}, "", "", "><"),
        ({"highway": "footway"}, "><", "><", ""),
        ({"highway": "footway", "bicycle": "no"}, "><", "", ""),
        ({"highway": "steps"}, "><", "", ""),
        ({"highway": "steps", "conveying": "forward"}, ">", "", ""),
        ({"highway": "path", "foot": "no"}, "", "><", ""),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, "><", "><", "><"),
        ({"highway": "primary", "foot": "use_sidepath"}, "", "><", "><"),
        ({"highway": "construction", "foot": "yes"}, "", "", ""),
        ({"highway": "proposed"}, "", "", ""),
    ],
)
def test_ways_are_open_as_their_tags_say(tags: dict[str, str], walk: str, bike: str, drive: str) -> None:
    assert (open_ways("walk", **tags), open_ways("bike", **tags), open_ways("drive", **tags)) == (walk, bike, drive)
    assert open_ways("walk_slow", **tags) == walk


UNTAGGED = {
    "motorway motorway_link": "drive",
    "trunk trunk_link primary primary_link secondary secondary_link tertiary tertiary_link": "walk bike drive",
    "unclassified residential living_street service road": "walk bike drive",
    "cycleway path": "walk bike",
    "footway pedestrian": "walk bike",  # there a bicycle is pushed, at walking speed
    "track": "walk bike",  # cars may by law; routers for cars leave tracks out
    "bridleway steps corridor elevator platform": "walk",
    "busway construction proposed razed raceway escape bus_guideway": "",
}
"""Who may use a street that says no more than its class: the worldwide defaults of "OSM tags for routing/Access
restrictions" (wiki.openstreetmap.org, revision 2734618), with our two departures.
"""


@pytest.mark.parametrize(("classes", "allowed"), UNTAGGED.items())
def test_a_street_that_says_no_more_than_its_class_is_open_to_whom_osm_documents(classes: str, allowed: str) -> None:
    modes: tuple[Mode, ...] = ("walk", "bike", "drive")
    for highway in classes.split():
        assert {mode for mode in modes if open_ways(mode, highway=highway)} == set(allowed.split()), highway


@pytest.mark.parametrize(
    ("sign", "kmh"),
    [("50", 50), ("30 mph", 48.28032), ("walk", 7), ("none", 30), ("CN:urban", 30), ("²", 30), ("0", 30), ("999", 130)],
)
def test_driving_goes_by_the_sign_where_it_is_a_number(sign: str, kmh: float) -> None:
    along, _ = speeds("drive", {"highway": "residential", "maxspeed": sign}, PACE)
    assert along == pytest.approx(kmh * PACE.drive_factor)


def test_each_direction_has_its_own_sign() -> None:
    tags = {"highway": "primary", "maxspeed": "50", "maxspeed:backward": "30"}
    assert speeds("drive", tags, PACE) == (50 * PACE.drive_factor, 30 * PACE.drive_factor)


def test_a_bicycle_is_pushed_where_one_walks_and_steps_slow_the_slow() -> None:
    assert speeds("bike", {"highway": "pedestrian"}, PACE) == (PACE.walk, PACE.walk)
    assert speeds("bike", {"highway": "pedestrian", "bicycle": "yes"}, PACE) == (PACE.bike, PACE.bike)
    assert speeds("walk_slow", {"highway": "steps"}, PACE) == (PACE.walk_slow / 2, PACE.walk_slow / 2)


@pytest.mark.parametrize(
    ("node", "stopped"),
    [
        ({"barrier": "bollard"}, {"drive"}),
        ({"barrier": "gate"}, set()),
        ({"barrier": "gate", "access": "private"}, {"walk", "bike", "drive"}),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, {"bike", "drive"}),
        ({"barrier": "gate", "locked": "yes"}, {"walk", "bike", "drive"}),
        ({"barrier": "gate", "locked": "no"}, set()),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, {"bike", "drive"}),
        ({"barrier": "kissing_gate", "locked": "yes"}, {"walk", "bike", "drive"}),
        ({"barrier": "lift_gate", "locked": "yes", "bicycle": "permissive"}, {"walk", "drive"}),
        ({"barrier": "stile"}, {"bike", "drive"}),
        ({"barrier": "wall"}, {"walk", "bike", "drive"}),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, set()),
    ],
)
def test_barriers_stop_whom_they_stop(node: dict[str, str], stopped: set[str]) -> None:
    modes: tuple[Mode, ...] = ("walk", "bike", "drive")
    assert {mode for mode in modes if bars(mode, node)} == stopped
