"""The short form of `python -m tests.bench.relay`: ours and the Node peer acknowledge and deliver everything."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = {
    "redis-server": shutil.which("redis-server"),
    "node": shutil.which("node"),
    "socket.io of `npm ci` in api/pages": (ROOT / "api" / "pages" / "node_modules" / "socket.io").exists(),
}


@pytest.mark.skipif(not os.environ.get("CI") and not all(NEEDED.values()), reason=f"needed: {', '.join(NEEDED)}")
def test_ours_and_the_node_peer_acknowledge_and_deliver_everything_and_compress_nothing():
    command = [sys.executable, "-m", "tests.bench.relay", "--seed", "2", "--short"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert set(report["saturated"]) == {"ours", "node", "node_grouped"}
    assert set(report["two_processes"]) == {"ours", "two", "steady"}
    assert {name: one["compressed"] for name, one in report["idle"].items()} == {"ours": 0, "node": 0}
    assert all(ratio > 0 for ratio in report["ratios"].values())
