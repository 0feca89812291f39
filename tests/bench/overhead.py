"""Measures what our HTTP mechanisms cost: an empty route through all of them beside a bare Flask app, in the same run.

`python -m tests.bench.overhead --seed N [--rounds R]` prints JSON: microseconds of time and of CPU a request (medians
over rounds, in which the three take turns in an order that the seed draws), and each as a ratio to the bare app.
`open` declares `anyone`; `known` a role, so that the token is looked up and the person's rate is counted too.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.identity.actor import Actor
from api.refusals import Refusal
from api.web import edge, problems, timeouts
from api.web.guard import Http
from api.web.limits import RateLimiter
from api.web.metrics import Metrics
from tests.conftest import Clock

ROUNDS, CALLS = 40, 200
LINE = SimpleNamespace(settimeout=lambda seconds: None)
"""A connection without a network; setting gevent's time limit is as cheap."""

Call = Callable[[], None]


def bare() -> Flask:
    """A bare Flask app with one empty route."""
    app = Flask("bare")
    app.add_url_rule("/v1/empty", view_func=lambda: "")
    return app


def ours() -> Flask:
    """An app with an empty route behind all mechanisms that our routes have."""
    app, limits, metrics = Flask("ours"), RateLimiter(), Metrics([])
    limits.address = limits.person = _counted(limits)  # type: ignore[method-assign]
    actor = Actor("1", "citizen", "", frozenset({"citizen"}), "s", Clock().at)
    web = Http(actor_of={"token": actor}.get, once=None, limit=limits.person)  # type: ignore[arg-type]
    edge.register(app, limits=limits, origins=frozenset(), observe=metrics.observe, quick={})
    problems.register(app, (Refusal,), ())
    app.add_url_rule("/v1/empty", "open", web.allow("anyone")(lambda: ""))
    app.add_url_rule("/v1/known", "known", web.allow("citizen")(lambda actor: ""))
    wsgi = edge.behind(edge.with_headers(app.wsgi_app, ""), ())
    app.wsgi_app = timeouts.timed(wsgi, "/socket.io/")  # type: ignore[method-assign,assignment]
    return app


def _counted(limits: RateLimiter) -> Callable[[str, str], None]:
    """Count every call, but stop none, since a round makes more than the limits allow."""
    real = limits.person

    def count(kind: str, who: str) -> None:
        real(kind, f"{who}:{time.monotonic_ns() // 100_000_000}")

    return count


def caller(app: Flask, path: str) -> Call:
    """A function that sends one request to the app, without a network."""
    headers = {"Authorization": "Bearer token"}

    def call() -> None:
        environ = EnvironBuilder(path=path, headers=headers).get_environ() | {timeouts.SOCKET: LINE}
        body, status, _ = run_wsgi_app(app.wsgi_app, environ)
        assert status.startswith("200"), status
        list(body)

    return call


def measure(seed: int, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, Any]:
    """Measure each app in rounds; gives the medians, and their ratios to the bare app."""
    mine = ours()
    ways = {"bare": caller(bare(), "/v1/empty"), "open": caller(mine, "/v1/empty"), "known": caller(mine, "/v1/known")}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    order, draw = list(ways), random.Random(seed)
    for name in [*ways, *ways]:
        _round(ways[name], calls)
    for _ in range(rounds):
        draw.shuffle(order)
        for name in order:
            taken[name].append(_round(ways[name], calls))
    medians = {name: [statistics.median(pair[i] for pair in pairs) for i in (0, 1)] for name, pairs in taken.items()}
    return {
        "seed": seed,
        "requests_each": rounds * calls,
        **{name: {"us": round(pair[0], 1), "cpu_us": round(pair[1], 1)} for name, pair in medians.items()},
        "ratio": {
            name: {
                "time": round(medians[name][0] / medians["bare"][0], 2),
                "cpu": round(medians[name][1] / medians["bare"][1], 2),
            }
            for name in ("open", "known")
        },
    }


def _round(call: Call, calls: int) -> tuple[float, float]:
    """Microseconds of time and CPU a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - wall) / calls * 1e6, (time.process_time() - cpu) / calls * 1e6


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    told = parser.parse_args()
    print(json.dumps(measure(told.seed, told.rounds)))


if __name__ == "__main__":
    main()
