"""Some of the kills of `make show-kills SEED=…`, which does them all; other seeds are for that command."""

import pytest

from tests.show.kills import MAIN_WAY, run


@pytest.mark.timeout(600)
def test_whoever_is_killed_in_the_middle_nothing_is_lost_half_or_doubled() -> None:
    report = run(seed=8, acts=(*MAIN_WAY, "supplement"), every=36)
    assert report["kills"] > 10, report
    assert report["wrong"] == []
