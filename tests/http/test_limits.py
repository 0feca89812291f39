"""How often one address and one person may call; the counting stops at 429 with a time to come back."""

import re

import pytest

from api.web import limits
from api.web.limits import CLASSES, RATES, STRICT, RateLimiter, TooMany, class_of, network_of
from chat import LineLimits
from chat.lines import OpenLines
from tests.access.test_matrix import ROWS
from tests.chat.test_faces import redis_url  # noqa: F401 - a fixture

COSTLY = {"/search": "search", ".pdf": "print"}
"""Parts of the paths of routes that cost much, by class."""


def most(rates):
    """Calls in the shortest window of a class."""
    return min(int(number) for number in re.findall(r"(\d+)/minute", rates))


def test_what_can_be_guessed_or_costs_money_is_limited_most():
    loosest_of_strict = max(most(RATES[kind].address) for kind in STRICT)
    assert all(most(RATES[kind].address) > loosest_of_strict for kind in set(RATES) - set(STRICT))


def test_one_person_may_never_do_more_than_their_address():
    assert all(most(rate.person) <= most(rate.address) for rate in RATES.values() if rate.person)


def test_each_class_that_is_named_has_its_numbers():
    assert set(CLASSES.values()) <= set(RATES)


@pytest.mark.parametrize(
    ("method", "rule", "kind"),
    [
        ("POST", "/v1/sessions/codes", "code"),
        ("POST", "/v1/staff/sessions", "log_in"),
        ("POST", "/v1/lookups", "look_up"),
        ("PATCH", "/v1/uploads/<upload_id>", "upload"),
        ("GET", "/v1/cases", "read"),
        ("HEAD", "/", "read"),
        ("HEAD", "/plain/search", "search"),
        ("HEAD", "/v1/matters/<code>/guide.pdf", "print"),
        ("GET", "/v1/conversations/<conversation>/search", "search"),
        ("GET", "/v1/desk/messages", "search"),
        ("DELETE", "/v1/drafts/<draft_id>", "write"),
        ("GET", "", "read"),
    ],
)
def test_a_route_belongs_to_a_class(method, rule, kind):
    assert class_of(method, rule) == kind


def test_every_named_route_is_one_and_every_search_and_print_is_named():
    assert set(CLASSES) <= set(ROWS)
    costly = {route: kind for route in ROWS for end, kind in COSTLY.items() if route[0] == "GET" and end in route[1]}
    assert costly.items() <= CLASSES.items()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8::9", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("not an address", "not an address"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_a_64_is_one_address(address, network):
    assert network_of(address) == network


def test_an_address_is_one_in_limits_lines_and_the_audit(app):
    security, limiter = app.extensions["circle"].security, RateLimiter()
    lines = OpenLines(LineLimits(an_address=10), network_of)
    for form in ("::ffff:203.0.113.9", "203.0.113.9"):
        limiter.address("code", form)
        lines.open(form)
    addresses = set()
    for form in ("::ffff:203.0.113.9", "203.0.113.9", "2001:db8::1", "2001:db8::2"):
        with app.test_request_context("/", environ_base={"REMOTE_ADDR": form}):
            addresses.add(security.address)
    assert set(lines._by_network) == {"203.0.113.9"}
    assert addresses == {
        app.extensions["circle"].keyring.index("address", n)[:16] for n in ("203.0.113.9", "2001:db8::/64")
    }


def test_an_address_is_stopped_after_its_number_and_another_is_not():
    doorkeeper = RateLimiter()
    for _ in range(most(RATES["code"].address)):
        doorkeeper.address("code", "203.0.113.9")
    with pytest.raises(TooMany) as stopped:
        doorkeeper.address("code", "203.0.113.9")
    assert 1 <= stopped.value.retry_after <= 61
    doorkeeper.address("code", "203.0.113.10")
    doorkeeper.address("log_in", "203.0.113.9")


def test_a_person_is_stopped_whatever_their_address():
    doorkeeper = RateLimiter()
    for _ in range(most(RATES["search"].person)):
        doorkeeper.person("search", "one")
    with pytest.raises(TooMany):
        doorkeeper.person("search", "one")
    doorkeeper.person("search", "other")


def test_where_the_counter_is_lost_the_office_stays_open(caplog):
    doorkeeper = RateLimiter("redis://127.0.0.1:1/0")
    doorkeeper.address("code", "203.0.113.9")
    assert "limits are not counted" in caplog.text


def test_two_processes_count_together_through_redis(redis_url):  # noqa: F811 - the fixture
    one, other = RateLimiter(redis_url), RateLimiter(redis_url)
    for _ in range(most(RATES["code"].address) // 2):
        one.address("code", "203.0.113.9")
        other.address("code", "203.0.113.9")
    with pytest.raises(TooMany):
        other.address("code", "203.0.113.9")


@pytest.fixture
def tight(app, monkeypatch):
    """Three look-ups a minute, and three reads by one person."""
    monkeypatch.setitem(RATES, "look_up", limits.RateLimit("3/minute", ""))
    monkeypatch.setitem(RATES, "read", limits.RateLimit("3/minute", "3/minute"))
    doorkeeper = RateLimiter(spares=lambda address: address == "127.0.0.1")
    kept = app.extensions["limits"]
    monkeypatch.setattr(kept, "_by_address", doorkeeper._by_address)
    monkeypatch.setattr(kept, "_by_person", doorkeeper._by_person)
    monkeypatch.setattr(kept, "_window", doorkeeper._window)


def test_guessing_a_receipt_is_stopped_with_a_time_to_come_back(anyone, tight):
    body = {"number": "XC-1", "code": "ABCD"}
    answers = [anyone.raw("POST", "/v1/lookups", json=body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert answers[3].content_type == "application/problem+json"
    assert answers[3].get_json()["code"] == "too_many"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 61


def test_one_person_is_stopped_and_another_from_the_same_address_goes_on(citizen, other_citizen, tight):
    assert [citizen.raw("GET", "/v1/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert other_citizen.raw("GET", "/v1/me").status_code == 200


def test_an_address_elsewhere_is_stopped_before_anything_is_looked_up(app, tight):
    def get():
        return app.test_client().get("/v1/me", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code

    assert [get() for _ in range(4)] == [401, 401, 401, 429]
