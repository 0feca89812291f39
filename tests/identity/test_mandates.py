"""Mandates: who may act for whom, at the HTTP face and as a rule."""

from datetime import date

import pytest

from api.identity.mandates.mandate import Mandate, may_act_for
from tests.identity.test_rules import numbered
from tests.way import FOOD, ID_NUMBER

AGENT_NUMBER = numbered("61010219800101001")
CHILD = numbered("61010220150601001")
COMPANY = {"name": "西安新城面馆有限公司", "number": "91110000600037341L"}
RARE = "㛃䶮𠮷"
DAY = date(2026, 11, 24)


@pytest.fixture
def principal(citizen):
    """A verified citizen."""
    citizen.post("/v1/me/verification", {"name": "王小明", "id_number": ID_NUMBER}, expect=200)
    return citizen


@pytest.fixture
def agent(other_citizen):
    """Another verified citizen, whose name is rare."""
    other_citizen.post("/v1/me/verification", {"name": RARE, "id_number": AGENT_NUMBER}, expect=200)
    return other_citizen


def mandate(**rest):
    return {
        "kind": "agent",
        "agent": {"name": RARE, "number": AGENT_NUMBER},
        "matters": [FOOD],
        "valid_until": "2026-12-31",
        **rest,
    }


def test_a_principal_gives_and_the_agent_finds_it(principal, agent, database):
    given = principal.post("/v1/mandates", mandate())
    assert given["agent"] == {"name": RARE, "number": f"{AGENT_NUMBER[:6]}********{AGENT_NUMBER[-4:]}"}
    (held,) = agent.get("/v1/mandates")["items"]
    assert held == {**given, "side": "held"}
    kept = str(database["mandates"].find_one())
    assert not any(text in kept for text in (RARE, AGENT_NUMBER, ID_NUMBER, "王小明"))


def test_an_agent_acts_in_what_was_given_until_its_end(principal, agent, app, clock):
    given = principal.post("/v1/mandates", mandate())
    identity = app.extensions["circle"].identity
    acting = identity.mandates.acting
    holder = identity.actor(agent.token)
    assert acting(holder, given["id"], FOOD)["principal"]["name"] == "王小明"
    giver = identity.actor(principal.token)
    for who, matter in ((holder, "XC-other"), (giver, FOOD)):
        with pytest.raises(Exception, match="not_found"):
            acting(who, given["id"], matter)
    clock.move(days=37)
    acting(holder, given["id"], FOOD)
    clock.move(days=1)
    with pytest.raises(Exception, match="not_found"):
        acting(holder, given["id"], FOOD)


@pytest.mark.parametrize("who", ["principal", "agent"])
def test_either_side_ends_it_and_nobody_else_sees_it(principal, agent, log_in, who, request):
    given = principal.post("/v1/mandates", mandate())
    stranger = log_in("13700137000")
    stranger.get(f"/v1/mandates/{given['id']}", expect=404)
    stranger.call("DELETE", f"/v1/mandates/{given['id']}", expect=404)
    request.getfixturevalue(who).call("DELETE", f"/v1/mandates/{given['id']}", expect=204)
    assert agent.get(f"/v1/mandates/{given['id']}")["state"] == "ended"


def test_only_a_verified_person_gives_one(citizen):
    assert citizen.post("/v1/mandates", mandate(), expect=403)["code"] == "verification_needed"


def test_parents_and_companies_come_to_a_window(principal, window, agent, database):
    for kind in ("parent", "company_handler"):
        assert principal.post("/v1/mandates", mandate(kind=kind), expect=403)["code"] == "at_window_only"
    made = window.post("/v1/mandates", mandate(kind="company_handler", principal=COMPANY, matters=[]))
    assert made["principal"] == COMPANY
    assert agent.get("/v1/mandates")["items"][0]["principal"]["number"] == "91110000******341L"
    reads = {"act": "read_unmasked", "subject": f"mandate:{made['id']}"}
    assert database["audit"].count_documents(reads) == 0
    assert window.get(f"/v1/mandates/{made['id']}")["agent"]["number"] == AGENT_NUMBER
    assert database["audit"].count_documents(reads) == 1


def test_a_parent_acts_until_the_child_is_of_age(window):
    child = {"name": "王小宝", "number": CHILD}
    window.post("/v1/mandates", mandate(kind="parent", principal=child, valid_until="2033-05-31"))
    refused = window.post("/v1/mandates", mandate(kind="parent", principal=child, valid_until="2033-06-01"), expect=422)
    assert "valid_until" in refused["errors"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"valid_until": "2026-11-23"}, "valid_until"),
        ({"matters": ["no-such"]}, "matters"),
        ({"agent": {"name": "王小明", "number": ID_NUMBER}}, "agent.number"),
        ({"agent": {"name": "某人", "number": "1"}}, "agent.number"),
    ],
)
def test_a_mandate_that_cannot_hold_says_why(principal, change, field):
    assert field in principal.post("/v1/mandates", mandate(**change), expect=422)["errors"]


def test_the_rule_asks_for_agent_principal_matter_and_day():
    held = [Mandate("m", "agent", "P", "A", frozenset({"x"}), DAY, False)]
    assert may_act_for(held, "A", "P", "x", DAY) == held[0]
    for wrong in (
        ("B", "P", "x", DAY),
        ("A", "Q", "x", DAY),
        ("A", "P", "y", DAY),
        ("A", "P", "x", date(2026, 11, 25)),
    ):
        assert may_act_for(held, *wrong) is None
    assert may_act_for([Mandate("m", "agent", "P", "A", frozenset(), DAY, True)], "A", "P", "x", DAY) is None
