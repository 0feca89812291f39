"""The short form of `make show-lines`: under every server, lines that cost nothing end, and strangers fill no log."""

import pytest

from tests.show.lines import run

pytestmark = pytest.mark.served


def test_lines_that_cost_nothing_end_and_strangers_fill_no_log_while_people_go_on(tmp_path):
    report = run(31, 8, tmp_path)
    assert report["kept"], report
    assert report["gunicorn"]["log"]["plain_at_start"] == []
