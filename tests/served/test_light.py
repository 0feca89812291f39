"""The whole product stays light: memory at rest, and the cost of a second start."""

import pytest

from tests.show import memory, start

pytestmark = pytest.mark.served


def test_the_whole_at_rest_stays_under_300_mib():
    found = memory.measure(settle=2)
    assert found["within"], found


def test_a_second_start_is_quick():
    """It computes no more than the first, which lays out the store; the seconds are shown by `make show-start`."""
    measured = start.measure(count=1)
    assert measured["cpu"] < 1.5 * measured["cpu_first"], measured
