"""What several do at once with one refresh token, one log-in code, one count: exactly so many succeed as may; and what
has ended, or was replaced, between a read and its write stays so."""

import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle, islice
from typing import Any

import pyotp
import pytest

from api.identity import tokens
from api.identity.citizens.log_in import CODE_TRIES
from api.identity.citizens.service import NameConfirmed
from api.identity.staff import log_in, second_factor
from api.refusals import Refusal
from tests.conftest import PASSWORD

AT_ONCE, ROUNDS = 8, 20


@pytest.fixture
def identity(app: Any) -> Any:
    return app.extensions["circle"].identity


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of eight got that began together, in turn with these works: a result, or a refusal's code."""
    begin, results = threading.Barrier(AT_ONCE), []

    def run(work: Callable[[], Any]) -> None:
        begin.wait()
        try:
            results.append(work())
        except Refusal as refusal:
            results.append(refusal.code)

    threads = [threading.Thread(target=run, args=(work,)) for work in islice(cycle(works), AT_ONCE)]
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
    store, later = identity._store, clock().replace(year=2027)
    code = {"_id": "one", "phone_index": "a", "used": False, "tries": 0, "expires_at": later}
    database["login_codes"].insert_one(code)
    tries = at_once(lambda: store.take_try("one", CODE_TRIES, clock()))
    assert sorted(row["tries"] for row in tries if row) == list(range(CODE_TRIES))
    assert sorted(at_once(lambda: store.use_code("one"))) == [False] * (AT_ONCE - 1) + [True]


def test_of_eight_counted_at_once_each_has_a_number_and_a_count_that_is_over_begins_anew(
    identity: Any, clock: Any
) -> None:
    store = identity._store
    for _ in range(3):
        assert sorted(n for n, _ in at_once(lambda: store.count("one", 60, clock()))) == list(range(1, AT_ONCE + 1))
        clock.move(seconds=61)


# -- a log-in that ends while it is refreshed -----------------------------------------------------


def is_dead(sessions: Any, tokens_given: dict[str, Any]) -> bool:
    """Whether neither of the two tokens opens anything."""
    if sessions.actor(tokens_given["token"]) is not None:
        return False
    with pytest.raises(tokens.RefreshBad):
        sessions.refresh(tokens_given["refresh_token"])
    return True


def ways_to_end(identity: Any, who: str, begun: dict[str, Any]) -> list[Callable[[], Any]]:
    """Log out, end all log-ins of the person, and use the refresh token twice."""
    actor = identity.actor(begun["token"])
    return [
        lambda: identity.sessions.end(actor),
        lambda: identity.sessions.end_all(who),
        lambda: identity.sessions.refresh(begun["refresh_token"]),
    ]


@pytest.mark.parametrize("way", range(3), ids=["log_out", "end_all", "reuse"])
def test_no_log_in_that_ends_while_it_is_refreshed_comes_back_to_life(identity: Any, citizen: Any, way: int) -> None:
    who = citizen.person["id"]
    for _ in range(ROUNDS):
        begun = identity.sessions.begin("citizen", who)
        end = ways_to_end(identity, who, begun)[way]
        results = at_once(lambda begun=begun: identity.sessions.refresh(begun["refresh_token"]), end)
        given = [result for result in results if isinstance(result, dict)]
        assert len(given) <= 1
        assert all(is_dead(identity.sessions, result) for result in [begun, *given])


@pytest.mark.parametrize("way", range(3), ids=["log_out", "end_all", "reuse"])
def test_nor_one_that_ends_between_the_two_writes_of_a_refresh(
    identity: Any, citizen: Any, monkeypatch: Any, way: int
) -> None:
    begun = identity.sessions.begin("citizen", citizen.person["id"])
    end, store = ways_to_end(identity, citizen.person["id"], begun)[way], identity.sessions._store
    really, ended = store.spend_refresh, []

    def spend_and_end(refresh: str) -> bool:
        spent = really(refresh)
        if not ended:
            ended.append(True)
            with suppress(tokens.RefreshBad):
                end()
        return bool(spent)

    monkeypatch.setattr(store, "spend_refresh", spend_and_end)
    assert is_dead(identity.sessions, identity.sessions.refresh(begun["refresh_token"]))


# -- what was replaced between a read and its write -------------------------------------------------


@pytest.fixture
def officer(identity: Any) -> tuple[str, Any]:
    """The id of an officer, and who acts in their log-in."""
    staff_id = identity.seed_staff("wang", PASSWORD, "王敏", {"window"}, None, None)
    return staff_id, identity.actor(identity.staff.log_in("wang", PASSWORD)["token"])


def meanwhile(monkeypatch: Any, owner: Any, name: str, act: Callable[[], Any]) -> None:
    """Have something happen, once, right after a method of `owner` has returned."""
    really, happened = getattr(owner, name), []

    def method(*args: Any, **rest: Any) -> Any:
        result = really(*args, **rest)
        if not happened:
            happened.append(True)
            act()
        return result

    monkeypatch.setattr(owner, name, method)


def test_a_log_in_with_the_old_password_does_not_outlive_its_change(
    identity: Any, officer: Any, monkeypatch: Any
) -> None:
    new = "another-good-password"
    change = lambda: identity.staff.change_password(officer[1], PASSWORD, new)  # noqa: E731
    meanwhile(monkeypatch, identity.staff.credentials, "check", change)
    with pytest.raises(log_in.PasswordWrong):
        identity.staff.log_in("wang", PASSWORD)
    assert len(identity.sessions.mine(officer[1])) == 1


def test_a_password_that_was_recovered_meanwhile_is_not_set_back(identity: Any, officer: Any, monkeypatch: Any) -> None:
    first = []
    meanwhile(monkeypatch, identity.staff.credentials, "check", lambda: first.append(identity.staff.reset("wang")))
    with pytest.raises(log_in.PasswordWrong):
        identity.staff.change_password(officer[1], PASSWORD, "a-thief-s-own-password")
    assert identity.staff.log_in("wang", first[0])["must_change_password"] is True


def test_of_two_changes_of_a_password_at_once_one_counts(identity: Any, officer: Any) -> None:
    words = iter(f"another-good-password-{n}" for n in "abcdefgh")
    results = at_once(lambda: identity.staff.change_password(officer[1], PASSWORD, next(words)))
    assert len([result for result in results if isinstance(result, dict)]) == 1, results


def test_a_confirmed_authenticator_is_the_one_that_was_shown(
    identity: Any, officer: Any, monkeypatch: Any, clock: Any
) -> None:
    staff, (_, actor) = identity.staff, officer
    digits = pyotp.TOTP(staff.begin_totp(actor)["secret"]).at(clock())
    meanwhile(monkeypatch, staff.credentials, "spend_totp", lambda: staff.begin_totp(actor))
    with pytest.raises(second_factor.TotpWrong):
        staff.confirm_totp(actor, digits)
    secret = staff.begin_totp(actor)["secret"]
    staff.confirm_totp(actor, pyotp.TOTP(secret).at(clock()))
    with pytest.raises(second_factor.TotpExists):
        staff.begin_totp(actor)


def test_a_name_that_is_verified_meanwhile_stays(identity: Any, citizen: Any, monkeypatch: Any, database: Any) -> None:
    actor = identity.actor(citizen.token)

    def verify() -> None:
        change = {"assurance": "verified", "name": identity._keys.seal(actor.id, "name", "王小明")}
        database["citizens"].update_one({"_id": actor.id}, {"$set": change})

    meanwhile(monkeypatch, identity.citizens._store, "citizen", verify)
    with pytest.raises(NameConfirmed):
        identity.citizens.change(actor, {"name": "张三"})
    assert citizen.get("/v1/me")["name"] == "王小明"


def test_an_account_is_closed_once(identity: Any, citizen: Any, database: Any) -> None:
    actor = identity.actor(citizen.token)
    results = at_once(lambda: identity.citizens.close(actor))
    assert results.count("not_found") == AT_ONCE - 1
    assert database["audit"].count_documents({"act": "close_account"}) == 1


def test_a_wechat_account_whose_citizen_closed_theirs_is_free_again(anyone: Any, app: Any, clock: Any) -> None:
    first = anyone.post("/v1/sessions/wechat", {"code": "wx-ming-1", "phone_code": "phone-13800138000-1"})
    identity = app.extensions["circle"].identity
    row = identity._store.wechat_account(identity._keys.index("openid", "console-ming"))
    identity.citizens.close(identity.actor(first["token"]))
    identity._store.add_wechat_account(row)  # as a log-in leaves it that binds while the account is closed
    assert anyone.post("/v1/sessions/wechat", {"code": "wx-ming-2"}, expect=409)["code"] == "phone_needed"
    again = anyone.post("/v1/sessions/wechat", {"code": "wx-ming-3", "phone_code": "phone-13800138000-2"})
    assert again["citizen"]["id"] != first["citizen"]["id"]
    assert identity.actor(again["token"]) is not None
