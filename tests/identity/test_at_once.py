"""What several do at once with one refresh token, one log-in code, one count: exactly so many succeed as may."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from api.identity import tokens
from api.identity.citizens.log_in import CODE_TRIES
from api.refusals import Refusal

AT_ONCE, ROUNDS = 8, 20


@pytest.fixture
def identity(app: Any) -> Any:
    return app.extensions["circle"].identity


def at_once(work: Callable[[], Any]) -> list[Any]:
    """What each of eight got that began together: a result, or a refusal's code."""
    begin, results = threading.Barrier(AT_ONCE), []

    def run() -> None:
        begin.wait()
        try:
            results.append(work())
        except Refusal as refusal:
            results.append(refusal.code)

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_refresh_token_refreshes_once(identity: Any, citizen: Any) -> None:
    for _ in range(ROUNDS):
        old = identity.sessions.begin("citizen", citizen.person["id"])
        results = at_once(lambda old=old: identity.sessions.refresh(old["refresh_token"]))
        assert results.count(tokens.RefreshBad.code) == AT_ONCE - 1
        [refreshed] = [result for result in results if isinstance(result, dict)]
        assert refreshed["refresh_token"] != old["refresh_token"]
        with pytest.raises(tokens.RefreshBad):
            identity.sessions.refresh(old["refresh_token"])


def test_one_code_is_tried_and_used_so_often_as_it_may(identity: Any, database: Any, clock: Any) -> None:
    store, later = identity.sessions._store, clock().replace(year=2027)
    code = {"_id": "one", "phone_index": "a", "used": False, "tries": 0, "expires_at": later}
    database["login_codes"].insert_one(code)
    tries = at_once(lambda: store.take_try("one", CODE_TRIES, clock()))
    assert sorted(row["tries"] for row in tries if row) == list(range(CODE_TRIES))
    assert sorted(at_once(lambda: store.use_code("one"))) == [False] * (AT_ONCE - 1) + [True]


def test_of_eight_counted_at_once_each_has_a_number_and_a_count_that_is_over_begins_anew(
    identity: Any, clock: Any
) -> None:
    store = identity.sessions._store
    for _ in range(3):
        assert sorted(n for n, _ in at_once(lambda: store.count("one", 60, clock()))) == list(range(1, AT_ONCE + 1))
        clock.move(seconds=61)
