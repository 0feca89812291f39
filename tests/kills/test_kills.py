"""Some of the kills of `python -m tests.show.kills`, which does them all."""

import random

import pytest

from tests.show.kills import run


@pytest.mark.timeout(600)
def test_whoever_is_killed_in_the_middle_nothing_is_lost_half_or_doubled() -> None:
    report = run(seed=random.SystemRandom().randrange(1000), every=30)
    assert report["kills"] > 15, report
    assert report["wrong"] == [], report["seed"]
