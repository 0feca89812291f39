"""The short form of `make show-chaos SEED=…`."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NONE_OF = (
    "lost",
    "doubled",
    "under_another_number",
    "out_of_order",
    "never_acknowledged_but_stored",
    "streams_with_holes",
    "views_unlike_the_store",
    "notes_seen_by_citizens",
    "without_an_answer",
)


@pytest.mark.skipif(not os.environ.get("CI") and shutil.which("redis-server") is None, reason="redis-server is needed")
def test_nothing_is_lost_doubled_or_reordered_while_web_store_and_redis_are_killed():
    command = [sys.executable, "-m", "tests.show.chaos", "--seed", "3", "120", "--talks", "4", "--kills", "4"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert {name: report[name] for name in NONE_OF} == dict.fromkeys(NONE_OF, 0), report
    assert (report["acknowledged"], report["faults"]) == (120, [])
    assert sum(report["kills"].values()) == 4
