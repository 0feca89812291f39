"""What takes one row costs the store no more at 3,000 rows than at 500: the short form of `make show-store`."""

from tests.show.store import report

MOST = 2.0
"""The factor of CPU that counts as growth; by `findAndModify`, which reads the whole collection, it is five."""


def test_what_takes_one_row_costs_the_same_when_there_are_six_times_as_many() -> None:
    counts = report(seed=5, few=500, many=3000, times=7)
    ratios = {name: ratio["store_cpu_ms"] for name, ratio in counts["ratio"].items()}
    assert all(ratio <= MOST for ratio in ratios.values()), counts
