"""Short forms of `python -m tests.bench.circle`: what it measures is right, and its server and client work."""

import json
import random
from pathlib import Path

import numpy as np

from tests.bench.circle import flat, rightness
from tests.show.loopback import ask, busy, gunicorn


def test_on_a_made_up_grid_the_times_are_the_way_round_the_blocks(tmp_path: Path) -> None:
    found = flat(150, tmp_path / "grid", random.Random(1))
    assert found["max_difference_s"] <= 0.05
    assert found["p50_us"] > 0


def test_precision_and_recall_are_what_they_are_called() -> None:
    said, truth = np.array([True, True, True, False]), np.array([True, False, True, True])
    assert rightness(said, truth) == {"precision": 0.667, "recall": 0.667}


def test_a_bare_app_is_kept_busy_by_the_client_and_tells_its_cost(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"points": [1, 2]}), "utf-8")
    with gunicorn("tests.bench.bare:app", tmp_path / "log", BARE_ANSWER=str(answer)) as server:
        assert json.loads(ask(server.port, "/answer")[1]) == {"points": [1, 2]}
        per_second, cpu_us = busy(server, ["/", "/answer"], 0.3)
        assert per_second > 5
        assert cpu_us > 0
        assert server.memory_mib()["resident"] > 10
