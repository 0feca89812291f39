"""A second reading of a street file, written apart from the first, to check it by.

Nothing here comes from api.circle: tags, graph, snapping and search are done again with other means (a callback
handler, dictionaries, Tarjan's algorithm, shapely's tree, a heap), slowly and plainly. Only the published speeds are
the same numbers, written down once more.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import heappop, heappush
from math import asin, cos, hypot, inf, radians, sin, sqrt
from typing import NamedTuple

import osmium
import shapely

RADIUS = 6_371_008.8
PER_DEGREE = RADIUS * radians(1)
SNAP_WITHIN = 500.0
FOOT_KMH = {"walk": 4.0, "walk_slow": 2.8, "bike": 4.0, "drive": 4.0}
CAR_KMH = {
    "motorway": 90, "motorway_link": 45, "trunk": 60, "trunk_link": 40, "primary": 50, "primary_link": 35,
    "secondary": 45, "secondary_link": 30, "tertiary": 40, "tertiary_link": 30, "unclassified": 30, "residential": 30,
    "living_street": 10, "service": 15, "road": 25,
}  # fmt: skip
STREETS = set(CAR_KMH) - {"motorway", "motorway_link"}
ON_FOOT = STREETS | {
    "path", "track", "bridleway", "footway", "pedestrian", "cycleway", "steps", "corridor", "elevator", "platform",
}  # fmt: skip
BY_BIKE = STREETS | {"path", "track", "footway", "pedestrian", "cycleway"}
ANY = ON_FOOT | set(CAR_KMH) | {"busway"}
YES = {"yes", "designated", "permissive", "destination", "customers", "official", "public", "permit", "dismount"}
NO = {
    "no", "private", "agricultural", "forestry", "agricultural;forestry", "delivery", "military", "emergency",
    "use_sidepath", "psv", "bus", "employees",
}  # fmt: skip
WALLS = {"wall", "fence", "city_wall", "retaining_wall"}
STILES = WALLS | {"turnstile", "full-height_turnstile", "stile", "kissing_gate"}
POSTS = STILES | {
    "bollard", "block", "cycle_barrier", "motorcycle_barrier", "log", "debris", "jersey_barrier", "chain", "planter",
    "horse_stile", "wicket_gate", "bus_trap", "sump_buster", "rope",
}  # fmt: skip

Node = tuple[int, int]
"""An OSM node and 0; or, where a barrier stands, the node and a number of its own for each street end there."""


class Segment(NamedTuple):
    """Two neighbouring nodes of a way and the seconds between them, inf where closed."""

    a: Node
    b: Node
    there: float
    back: float


class Place(NamedTuple):
    """Where a position meets the streets: metres away, and (segment, share of it) for all that are equally near."""

    metres: float
    on: list[tuple[int, float]]
    doors: tuple[tuple[Node, float], ...] = ()
    """Instead of `on`, for a position on private grounds: nodes of the streets and the seconds from there."""


def verdict(tags: dict[str, str], *keys: str) -> str:
    """`yes`, `no` or nothing, by the first key that says one of them."""
    for key in keys:
        if tags.get(key) in YES:
            return "yes"
        if tags.get(key) in NO:
            return "no"
    return ""


def invited(tags: dict[str, str]) -> dict[str, str]:
    """The tags as they are for a walker who is asked in."""
    return {key: value for key, value in tags.items() if key not in ("foot", "access") or value != "private"}


def sign(value: str) -> str:
    """Which way a one-way value opens: `>`, `<`, `=` both, `x` neither."""
    if value in {"yes", "true", "1", "forward"}:
        return ">"
    if value in {"-1", "reverse", "backward"}:
        return "<"
    return "x" if value == "reversible" else "="


def foot_kmh(mode: str, tags: dict[str, str]) -> tuple[float, float]:
    """km/h there and back for somebody walking."""
    kind = tags["highway"]
    own, general = verdict(tags, "foot"), verdict(tags, "foot", "access")
    if general == "no" or kind not in ANY:
        return 0, 0
    if own != "yes" and (kind not in ON_FOOT or tags.get("motorroad") == "yes"):
        return 0, 0
    pace = FOOT_KMH[mode] * (0.5 if mode == "walk_slow" and kind == "steps" else 1)
    way = sign(tags.get("oneway:foot") or tags.get("conveying") or "no")
    return pace * (way in ">="), pace * (way in "<=")


def traffic_sign(tags: dict[str, str]) -> str:
    """The one-way rule for vehicles."""
    implied = tags.get("junction") in {"roundabout", "circular"} or tags["highway"] == "motorway"
    return sign(tags["oneway"]) if "oneway" in tags else (">" if implied else "=")


def bike_kmh(tags: dict[str, str]) -> tuple[float, float]:
    """km/h there and back by bicycle; 4 where it is pushed."""
    kind, own = tags["highway"], verdict(tags, "bicycle")
    if verdict(tags, "bicycle", "vehicle", "access") == "no" or kind not in ANY:
        return 0, 0
    if own != "yes" and (kind not in BY_BIKE or tags.get("motorroad") == "yes"):
        return 0, 0
    dismount = tags.get("bicycle") == "dismount"
    pushing = dismount or (kind in {"footway", "pedestrian", "steps"} and own != "yes")
    sides = [""] + [f":{side}" for side in ("left", "right", "both")]
    lanes = [(tags.get(f"cycleway{side}", ""), tags.get(f"cycleway{side}:oneway")) for side in sides]
    ridable = {"lane", "track", "share_busway", "shared_lane", "shoulder"}
    contraflow = any(kind[:8] == "opposite" or (kind in ridable and way in {"no", "-1"}) for kind, way in lanes)
    way = sign(tags["oneway:bicycle"]) if "oneway:bicycle" in tags else "=" if contraflow else traffic_sign(tags)
    pace = 4.0 if pushing else 12.0
    return pace * (way in ">="), pace * (way in "<=")


def signed(text: str) -> float:
    """km/h of a speed sign, 0 where it is not a number."""
    if text == "walk":
        return 7
    words = text.split(" ")
    if not words[0].isdigit() or words[1:] not in ([], ["km/h"], ["mph"]):
        return 0
    return min(130.0, int(words[0]) * (1.609344 if words[1:] == ["mph"] else 1))


def car_kmh(tags: dict[str, str]) -> tuple[float, float]:
    """km/h there and back by car."""
    kind = tags["highway"]
    if verdict(tags, "motorcar", "motor_vehicle", "vehicle", "access") == "no" or kind not in ANY:
        return 0, 0
    if kind not in CAR_KMH and verdict(tags, "motorcar", "motor_vehicle") != "yes":
        return 0, 0
    usual = CAR_KMH.get(kind, 10)
    there, back = (
        0.8 * (signed(tags.get(f"maxspeed:{side}") or tags.get("maxspeed", "")) or usual)
        for side in ("forward", "backward")
    )
    way = traffic_sign(tags)
    return there * (way in ">="), back * (way in "<=")


def stops(mode: str, tags: dict[str, str]) -> bool:
    """Whether what stands on this node stops the mode."""
    keys = {"bike": ("bicycle", "vehicle", "access"), "drive": ("motorcar", "motor_vehicle", "vehicle", "access")}
    said = verdict(tags, *keys.get(mode, ("foot", "access")))
    if said:
        return said == "no"
    kinds = {"bike": STILES, "drive": POSTS}.get(mode, WALLS)
    return tags["barrier"] in kinds or tags.get("locked") == "yes"


class _Handler(osmium.SimpleHandler):
    """Ways and barriers of the file as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[int, tuple[float, float]] = {}
        self.ways: list[tuple[dict[str, str], list[int]]] = []
        self.standing: dict[int, dict[str, str]] = {}

    def node(self, node: osmium.osm.Node) -> None:
        self.places[node.id] = (node.location.lon, node.location.lat)
        if "barrier" in node.tags:
            self.standing[node.id] = dict(node.tags)

    def way(self, way: osmium.osm.Way) -> None:
        if "highway" in way.tags:
            self.ways.append((dict(way.tags), [node.ref for node in way.nodes]))


def metres(p: tuple[float, float], q: tuple[float, float]) -> float:
    """Haversine."""
    h = sin(radians(q[1] - p[1]) / 2) ** 2
    h += cos(radians(p[1])) * cos(radians(q[1])) * sin(radians(q[0] - p[0]) / 2) ** 2
    return 2 * RADIUS * asin(sqrt(h))


class SecondReading:
    """One mode's streets of a whole file, with searches by heap in both directions."""

    def __init__(self, path: str, mode: str) -> None:
        self.path, self.mode = path, mode
        self.walk_ms = FOOT_KMH[mode] / 3.6
        handler = self.handler = _Handler()
        handler.apply_file(path)
        self.places = handler.places
        self.segments = list(self._segments(handler, mode))
        self.out: dict[Node, list[tuple[Node, float]]] = {}
        self.into: dict[Node, list[tuple[Node, float]]] = {}
        for s in self.segments:
            for a, b, cost in ((s.a, s.b, s.there), (s.b, s.a, s.back)):
                self.out.setdefault(a, [])
                self.into.setdefault(a, [])
                if cost < inf:
                    self.out.setdefault(a, []).append((b, cost))
                    self.into.setdefault(b, []).append((a, cost))
        part = self._parts()
        sizes: dict[int, int] = {}
        for number in part.values():
            sizes[number] = sizes.get(number, 0) + 1
        enough = min(50, max(sizes.values()))
        self.usable = [i for i, s in enumerate(self.segments) if part[s.a] == part[s.b] and sizes[part[s.a]] >= enough]
        lines = [shapely.LineString([self.at(self.segments[i].a), self.at(self.segments[i].b)]) for i in self.usable]
        self.tree = shapely.STRtree(lines)

    def at(self, node: Node) -> tuple[float, float]:
        """Longitude and latitude."""
        return self.places[node[0]]

    def _segments(self, handler: _Handler, mode: str) -> Iterator[Segment]:
        kmh = {"bike": bike_kmh, "drive": car_kmh}.get(mode) or (lambda tags: foot_kmh(mode, tags))
        barred = {ref for ref, tags in handler.standing.items() if stops(mode, tags)}
        fresh = 0
        for tags, refs in handler.ways:
            there, back = kmh(tags)
            if not there and not back:
                continue
            for a, b in self._steps(refs):
                fresh += 2
                long = metres(self.places[a], self.places[b])
                yield Segment(
                    (a, fresh if a in barred else 0),
                    (b, fresh + 1 if b in barred else 0),
                    long * 3.6 / there if there else inf,
                    long * 3.6 / back if back else inf,
                )

    def _steps(self, refs: list[int]) -> Iterator[tuple[int, int]]:
        """Neighbouring nodes of a way whose places are in the file."""
        for a, b in zip(refs, refs[1:], strict=False):
            if a != b and a in self.places and b in self.places:
                yield a, b

    @cached_property
    def _grounds(self) -> list[Segment]:
        """What an invited person may walk on and nobody can be placed at otherwise."""
        foot = "walk_slow" if self.mode == "walk_slow" else "walk"
        public = self if self.mode == foot else SecondReading(self.path, foot)
        paved = {frozenset((public.segments[i].a[0], public.segments[i].b[0])) for i in public.usable}
        found: list[Segment] = []
        for tags, refs in self.handler.ways:
            there, back = foot_kmh(foot, invited(tags))
            if not there and not back:
                continue
            for a, b in self._steps(refs):
                if frozenset((a, b)) in paved:
                    continue
                long, n = metres(self.places[a], self.places[b]), 2 * len(found)
                ends = ((a, -n - 1 if a in self._shut else 0), (b, -n - 2 if b in self._shut else 0))
                found.append(Segment(*ends, long * 3.6 / there if there else inf, long * 3.6 / back if back else inf))
        return found

    @cached_property
    def _shut(self) -> set[int]:
        """Nodes whose barrier stops even an invited person."""
        return {ref for ref, tags in self.handler.standing.items() if stops("walk", invited(tags))}

    @cached_property
    def _grounds_tree(self) -> shapely.STRtree:
        return shapely.STRtree([shapely.LineString([self.at(s.a), self.at(s.b)]) for s in self._grounds])

    @cached_property
    def _doors(self) -> dict[int, list[Node]]:
        """The nodes of the streets by the node of the file, for those that are no shut gate."""
        doors: dict[int, set[Node]] = {}
        for i in self.usable:
            for node in self.segments[i][:2]:
                if node[0] not in self._shut:
                    doors.setdefault(node[0], set()).add(node)
        return {ref: sorted(nodes) for ref, nodes in doors.items()}

    def goal(self, lon: float, lat: float) -> Place | None:
        """As `place`, for a position that one goes to: through private grounds where these are nearer."""
        street = self.place(lon, lat)
        inside = self._nearest(self._grounds_tree, self._grounds, range(len(self._grounds)), lon, lat)
        if inside is None or (street is not None and inside.metres + 0.001 >= street.metres):
            return street
        into: dict[Node, list[tuple[Node, float]]] = {}
        for s in self._grounds:
            for a, b, cost in ((s.a, s.b, s.there), (s.b, s.a, s.back)):
                into.setdefault(a, [])
                if cost < inf:
                    into.setdefault(b, []).append((a, cost))
        times = self.search(self._arriving(inside, self._grounds), into)
        doors = tuple((d, t) for node, t in times.items() if not node[1] for d in self._doors.get(node[0], []))
        return Place(0.0, [], doors) if doors else street

    def _parts(self) -> dict[Node, int]:
        """Strongly connected parts (Tarjan 1972, with a stack of its own instead of recursion)."""
        order: dict[Node, int] = {}
        low: dict[Node, int] = {}
        part: dict[Node, int] = {}
        path: list[Node] = []
        for root in self.out:
            if root in order:
                continue
            order[root] = low[root] = len(order)
            path.append(root)
            work = [(root, iter(self.out[root]))]
            while work:
                node, ways = work[-1]
                for goal, _ in ways:
                    if goal not in order:
                        order[goal] = low[goal] = len(order)
                        path.append(goal)
                        work.append((goal, iter(self.out[goal])))
                        break
                    if goal not in part:
                        low[node] = min(low[node], order[goal])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[node])
                    if low[node] == order[node]:
                        while True:
                            member = path.pop()
                            part[member] = order[node]
                            if member == node:
                                break
        return part

    def place(self, lon: float, lat: float) -> Place | None:
        """The nearest usable streets within 500 m."""
        return self._nearest(self.tree, self.segments, self.usable, lon, lat)

    def _nearest(
        self, tree: shapely.STRtree, segments: list[Segment], usable: Sequence[int], lon: float, lat: float
    ) -> Place | None:
        up, aside = SNAP_WITHIN / PER_DEGREE, SNAP_WITHIN / PER_DEGREE / cos(radians(lat))
        found: list[tuple[float, int, float]] = []
        for i in tree.query(shapely.box(lon - aside, lat - up, lon + aside, lat + up)).tolist():
            s = segments[usable[i]]
            (ax, ay), (bx, by) = (
                ((x - lon) * PER_DEGREE * cos(radians(lat)), (y - lat) * PER_DEGREE)
                for x, y in (self.at(s.a), self.at(s.b))
            )
            long = (bx - ax) ** 2 + (by - ay) ** 2
            share = max(0.0, min(1.0, (ax * (ax - bx) + ay * (ay - by)) / long)) if long else 0.0
            found.append((hypot(ax + share * (bx - ax), ay + share * (by - ay)), usable[i], share))
        nearest = min(found, default=(inf, 0, 0.0))[0]
        if nearest > SNAP_WITHIN:
            return None
        return Place(nearest, [(segment, share) for away, segment, share in found if away <= nearest + 0.001])

    def leaving(self, place: Place) -> list[tuple[Node, float]]:
        """Seconds from the position to the ends of its segments."""
        walk = place.metres / self.walk_ms
        costs = []
        for segment, share in place.on:
            s = self.segments[segment]
            costs.append((s.a, walk + (share * s.back if share else 0)))
            costs.append((s.b, walk + ((1 - share) * s.there if share < 1 else 0)))
        return costs

    def arriving(self, place: Place) -> list[tuple[Node, float]]:
        """Seconds from the ends of its segments to the position."""
        return [*place.doors, *self._arriving(place, self.segments)]

    def _arriving(self, place: Place, segments: list[Segment]) -> list[tuple[Node, float]]:
        walk = place.metres / self.walk_ms
        costs: list[tuple[Node, float]] = []
        for segment, share in place.on:
            s = segments[segment]
            costs.append((s.a, walk + (share * s.there if share else 0)))
            costs.append((s.b, walk + ((1 - share) * s.back if share < 1 else 0)))
        return costs

    def along(self, origin: Place, goal: Place) -> float:
        """Seconds without leaving a segment, inf where the two have none in common."""
        best = inf
        for segment, start in origin.on:
            for other, end in goal.on:
                if segment == other:
                    s, step = self.segments[segment], end - start
                    best = min(best, 0.0 if step == 0 else step * s.there if step > 0 else -step * s.back)
        return best + (origin.metres + goal.metres) / self.walk_ms

    @staticmethod
    def search(start: Iterable[tuple[Node, float]], edges: dict[Node, list[tuple[Node, float]]]) -> dict[Node, float]:
        """Dijkstra with a heap, no bound."""
        done: dict[Node, float] = {}
        heap = [(cost, node) for node, cost in start if cost < inf]
        heap.sort()
        while heap:
            cost, node = heappop(heap)
            if node in done:
                continue
            done[node] = cost
            for goal, more in edges[node]:
                if goal not in done:
                    heappush(heap, (cost + more, goal))
        return done

    def seconds_to(self, goal: Place, origins: list[Place | None]) -> list[float]:
        """From each origin to one goal, searched backwards from the goal; inf where there is no way."""
        times = self.search(self.arriving(goal), self.into)
        found: list[float] = []
        for origin in origins:
            if origin is None:
                found.append(inf)
                continue
            ends = min(cost + times.get(node, inf) for node, cost in self.leaving(origin))
            found.append(min(ends, self.along(origin, goal)))
        return found

    def seconds_from(self, origin: Place, goals: list[Place | None]) -> list[float]:
        """From one origin to each goal, searched forwards in the direction of travel."""
        times = self.search(self.leaving(origin), self.out)
        found: list[float] = []
        for goal in goals:
            if goal is None:
                found.append(inf)
                continue
            ends = min(cost + times.get(node, inf) for node, cost in self.arriving(goal))
            found.append(min(ends, self.along(origin, goal)))
        return found
