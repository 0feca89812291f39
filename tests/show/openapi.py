"""Shows that no request made from `/openapi.json` breaks the office: schemathesis on every operation, as every actor.

`python -m tests.show.openapi --seed N [--examples E]` prints JSON: how many requests were made, the statuses they met,
and what was wrong: an answer 5xx, a status, content type or body that the description does not name.
"""

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.settings import read
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from tests.access.world import World
from tests.conftest import Clock, SmsBox
from tests.lasting import nothing_expires

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
ACTORS = ("owner", "window", "handler", "admin", "anyone")
SPARED = {"DELETE /v1/me", "DELETE /v1/sessions/current", "POST /v1/staff/password", "POST /v1/staff/totp"}
"""Operations that would end the caller's log-in; the matrix of access calls them as people made for that."""


def examine(world: World, seed: int, examples: int) -> dict[str, Any]:
    """Call every operation with `examples` good and as many bad requests."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", world.app)
    schema.config.generation.update(with_security_parameters=False)
    statuses: Counter[int] = Counter()
    wrong: dict[str, str] = {}
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        if operation.label not in SPARED:
            _try(world, operation, seed, examples, statuses, wrong)
    return {
        "seed": seed,
        "operations": len(operations),
        "requests": statuses.total(),
        "statuses": {str(status): n for status, n in sorted(statuses.items())},
        "wrong": [f"{label}: {why}" for label, why in sorted(wrong.items())],
    }


def _try(
    world: World, operation: Any, seeded: int, examples: int, statuses: Counter[int], wrong: dict[str, str]
) -> None:
    known = _known(world)
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @seed(seeded)
    @settings(
        max_examples=2 * examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes), actor=st.sampled_from(ACTORS), real=st.booleans())
    def one(case: Any, actor: str, real: bool) -> None:
        if real:
            _make_real(case, known)
        answer, problem = _answer(world, case, actor)
        statuses[answer.status_code] += 1
        if problem:
            wrong.setdefault(case.operation.label, f"as {actor}: {problem[:600]}")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one()


def _make_real(case: Any, known: dict[str, Any]) -> None:
    """Put what is there in place of what was made up, so that a request reaches further than its first check."""
    if case.path_parameters:
        case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        case.body = {name: known.get(name, value) for name, value in case.body.items()}


def _answer(world: World, case: Any, actor: str) -> tuple[Any, str]:
    """What came back, and what is wrong with it."""
    tokens = world.actors[actor].tokens
    answer = case.call(headers={"Authorization": f"Bearer {tokens['token']}"} if tokens else {})
    if answer.status_code >= 500:
        return answer, f"{answer.status_code} for {case.as_curl_command()}"
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failures:
        return answer, "; ".join(f"{one.title}: {one.message}" for one in failures.exceptions)
    return answer, ""


def _known(world: World) -> dict[str, Any]:
    """Ids and values of what is there, by the names that paths and bodies have for them."""
    ids = ("number", "parcel_id", "conversation", "draft_id", "upload_id", "mandate_id", "staff_id", "code", "point_id")
    return {name: world.path(f"<{name}>", {}) for name in ids} | {
        "matter": world.draft["matter"]["code"],
        "point": "XC-H01",
        "case": world.case["number"],
        "carrier": "console",
        "answers": {"applicant_name": "王小明"},
        "phone": "13700137000",
    }


@contextmanager
def office() -> Iterator[World]:
    """The world of tests/access on an embedded store of its own."""
    with TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "store")
        nothing_expires(pytest.MonkeyPatch())
        database = Database(store.start(), "show")
        environ = {"CIRCLE_VAR": f"{folder}/var", "CIRCLE_KEYS": f"{folder}/keys"}
        clock, sent = Clock(), SmsBox()
        keys = Keyring.open(Path(folder) / "keys")
        app = create_app(read(environ), database=database, keyring=keys, now=clock, console=sent)  # type: ignore[arg-type]
        try:
            yield World(app, clock, sent)
        finally:
            app.extensions["circle"].stop()
            database.close()
            store.stop()


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=20)
    told = parser.parse_args()
    begun = datetime.now(UTC)
    with office() as world:
        counts = examine(world, told.seed, told.examples)
    seconds = round((datetime.now(UTC) - begun).total_seconds(), 1)
    print(json.dumps({**counts, "schemathesis": schemathesis.__version__, "seconds": seconds}, ensure_ascii=False))


if __name__ == "__main__":
    main()
