"""The last metres to a service point through private grounds: a courtyard, a gate that opens for visitors.

No journey leads through private ways, but one may end on them: as routing engines treat `access=private` and
`access=destination` ("Key:access", wiki.openstreetmap.org). Grounds are what one may walk on if invited and cannot snap
to otherwise; doors are the nodes that they share with the streets. They are walked in every mode.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from api.circle.travel.mode import Mode, Pace
from api.circle.travel.nearest import StreetGrid, lay_grid, mapped
from api.circle.travel.network import Graph, Streets, graph

ON_FOOT: dict[Mode, Mode] = {"walk": "walk", "walk_slow": "walk_slow", "bike": "walk", "drive": "walk"}


@dataclass(frozen=True)
class Grounds:
    """The private grounds of a network beside the streets of one mode.

    ends, seconds: as in a Graph. doors: (doors, 2) a node of the grounds, and that of the streets at the same place.
    """

    grid: StreetGrid
    ends: NDArray[np.int32]
    seconds: NDArray[np.float64]
    doors: NDArray[np.int32]

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return int(self.ends.max()) + 1

    def save(self, folder: Path) -> None:
        """Write the arrays into a new `folder`."""
        folder.mkdir()
        self.grid.save(folder)
        for name in ("ends", "seconds", "doors"):
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Memory-map what `save` wrote; None for a network without private grounds, or of an earlier release."""
        if not folder.is_dir():
            return None
        return cls(StreetGrid.load(folder), *(mapped(folder / f"{name}.npy") for name in ("ends", "seconds", "doors")))


def grounds_of(streets: Streets, foot: Mode, pace: Pace, paved: NDArray[np.int64]) -> Graph | None:
    """What one may walk on if invited, without the segments `paved` (pairs of origins); None if nothing is left."""
    inside = graph(streets, foot, pace, invited=True)
    kept = ~np.isin(_keys(inside.origins[inside.ends]), _keys(paved))
    if not kept.any():
        return None
    used, compact = np.unique(inside.ends[kept], return_inverse=True)
    return Graph(
        inside.positions[used],
        compact.reshape(-1, 2).astype(np.int32),
        inside.seconds[kept],
        inside.origins[used],
        inside.stopped,
    )


def beside(inside: Graph, net: Graph, usable: NDArray[np.int32]) -> Grounds | None:
    """The grounds `inside` with their doors to the `usable` segments of the streets `net`; None if there is no door."""
    street_nodes = np.unique(net.ends[usable])
    order = np.argsort(inside.origins, kind="stable")
    sorted_origins = inside.origins[order]
    wanted = net.origins[street_nodes]
    at = np.minimum(np.searchsorted(sorted_origins, wanted), len(order) - 1)
    meets = (sorted_origins[at] == wanted) & ~np.isin(wanted, inside.stopped)
    doors = np.stack([order[at[meets]], street_nodes[meets]], axis=1).astype(np.int32)
    if not len(doors):
        return None
    lines = np.hstack([inside.positions[inside.ends[:, 0]], inside.positions[inside.ends[:, 1]]])
    grid = lay_grid(lines, np.arange(len(lines), dtype=np.int32))
    return Grounds(grid, inside.ends, inside.seconds, doors)


def _keys(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number per unordered pair of nodes."""
    low, high = pairs.min(axis=1).astype(np.int64), pairs.max(axis=1).astype(np.int64)
    keys: NDArray[np.int64] = (low << 32) | high
    return keys
