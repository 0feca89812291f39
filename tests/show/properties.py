"""Shows that the properties hold for other examples than those of `make test`, which are the same in every run.

`python -m tests.show.properties --seed N [ROUNDS]` runs each property test ROUNDS times (3 unless given), each time
with its own examples drawn from the seed, and prints JSON: how many properties and examples there were, and for each
property that failed the error and the falsifying arguments.
"""

import argparse
import contextlib
import functools
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
ROUND = "round_of_examples"
USES = "from hypothesis import"


class Rounds:
    """A pytest plugin: property tests only, each of them several times with seeds of its own."""

    def __init__(self, seed: int, rounds: int) -> None:
        self.seed, self.rounds = seed, rounds
        self.properties: set[str] = set()
        self.examples = 0
        self.failures: list[dict[str, Any]] = []
        self._failing: dict[str, str] = {}

    @pytest.fixture(name=ROUND)
    def round_of_examples(self, request: pytest.FixtureRequest) -> int:
        """A fixture that makes each property run once per round; gives the number of the round."""
        return int(request.param)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize each property by the rounds."""
        if is_property(metafunc.function):
            metafunc.fixturenames.append(ROUND)
            metafunc.parametrize(ROUND, range(self.rounds), indirect=True)

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        """Leave out tests that are no properties, and count the examples of those that are."""
        items[:] = [item for item in items if is_property(item.obj)]
        for test in {item.obj.hypothesis.inner_test: item.obj for item in items}.values():
            test.hypothesis.inner_test = self._counted(test.hypothesis.inner_test)

    def pytest_runtest_call(self, item: pytest.Function) -> None:
        """Seed the examples of this round."""
        import hypothesis  # which pytest wants to be the first to import

        self.properties.add(item.nodeid.partition("[")[0])
        hypothesis.seed(f"{self.seed}-{item.callspec.params[ROUND]}")(item.obj)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read counts as failed."""
        if report.failed:
            self.failures.append({"test": report.nodeid, "error": report.longreprtext[-800:]})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each failure with its falsifying example: the last one tried, to which hypothesis shrank it."""
        if report.failed:
            words = {"error": report.longreprtext[-800:], "arguments": self._failing}
            self.failures.append({"test": report.nodeid, **words})

    def _counted(self, test: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(test)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.examples += 1
            try:
                return test(*args, **kwargs)
            except Exception:
                self._failing = {name: repr(value) for name, value in kwargs.items()}
                raise

        return counted


def is_property(test: Callable[..., Any]) -> bool:
    """Whether hypothesis draws the arguments of this test."""
    return bool(getattr(test, "is_hypothesis_test", False))


def run(seed: int, rounds: int = 3) -> dict[str, Any]:
    """Run the properties so many rounds with this seed; gives the counts."""
    files = sorted(str(path) for path in TESTS.rglob("test_*.py") if USES in path.read_text(encoding="utf-8"))
    counted = Rounds(seed, rounds)
    with contextlib.redirect_stdout(io.StringIO()):
        status = pytest.main([*files, "-q", "--timeout=0"], plugins=[counted])
    return {
        "seed": seed,
        "rounds": rounds,
        "properties": len(counted.properties),
        "examples": counted.examples,
        "ended": pytest.ExitCode(status).name,
        "failed": len(counted.failures),
        "failures": counted.failures,
    }


def main() -> None:
    """Print the counts; exit status 1 if a property failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    asked = parser.parse_args()
    counts = run(asked.seed, asked.rounds)
    print(json.dumps(counts, ensure_ascii=False, indent=1))
    sys.exit(counts["ended"] != "OK")


if __name__ == "__main__":
    main()
