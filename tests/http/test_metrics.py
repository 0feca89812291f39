"""`/metrics`: what it tells, and to whom."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.web.metrics import Metrics, Reading
from tests.way import submitted

TOKEN = "0123456789abcdef"


def measured(caller, **rest):
    """The samples by name and labels."""
    answer = caller.raw("GET", "/metrics", **rest)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status_never_by_what_was_in_them(anyone, citizen):
    before = measured(anyone)
    citizen.raw("GET", "/v1/cases/XC-20261124-000001")
    after = measured(anyone)
    key = ("circle_request_seconds_count", "GET", "/v1/cases/<number>", "404")
    assert after[key] == before.get(key, 0) + 1
    assert after[("circle_request_seconds_bucket", "+Inf", "GET", "/v1/cases/<number>", "404")] == after[key]
    assert not [name for name in after if "XC-2026" in str(name)]


def test_what_runs_behind_is_measured(anyone, citizen, drain, app):
    submitted(citizen, drain)
    found = measured(anyone)
    assert found[("circle_store_up", "store")] == 1
    assert found[("circle_sockets", "/chat")] == 0
    for of in ("events", "jobs"):
        assert found[("circle_jobs_lag_seconds", of)] >= 0
        assert found[("circle_jobs_parked", of)] == 0
    notices = {name[1]: number for name, number in found.items() if name[0] == "circle_notices"}
    assert sum(notices.values()) > 0


def test_a_reading_that_fails_leaves_the_others(caplog):
    def broken():
        raise RuntimeError("13800138000")

    metrics = Metrics([Reading("a", "A.", "of", broken), Reading("b", "B.", "of", lambda: {"x": 2})])
    assert b'b{of="x"} 2.0' in metrics.text()
    assert "not measured" in caplog.text


def test_an_unheard_of_method_opens_no_new_series():
    metrics = Metrics([])
    for number in range(50):
        metrics.observe(f"M{number}", "-", 405, 0.001)
    assert metrics.text().count(b"circle_request_seconds_count") == 1


def test_without_a_token_only_this_machine_may_read(app):
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404


class TestWithAToken:
    """METRICS_TOKEN is set."""

    @pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer \xff"])
    def test_others_do_not_find_it(self, token_client, given):
        assert token_client.get("/metrics", headers={"Authorization": given}).status_code == 404

    def test_who_brings_it_may_read_from_anywhere(self, token_client):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = token_client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert answer.status_code == 200

    @pytest.fixture
    def token_client(self):
        """An app that holds nothing but the measurements."""
        from flask import Flask

        from api.refusals import Refusal
        from api.settings import is_loopback
        from api.web import metrics, problems
        from api.web.guard import Http

        app = Flask("bare")
        problems.register(app, (Refusal,), ())
        metrics.register(
            app,
            Http(actor_of=lambda token: None, once=None, limit=lambda kind, person: None),
            Metrics([]),
            TOKEN,
            is_loopback,
        )
        return app.test_client()
