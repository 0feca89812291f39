"""What is printed is shared over HTTP: who asks for much is refused their own surplus, and nobody else's."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from api import pdf
from api.turns import FairTurns, Shares
from tests.conftest import Caller
from tests.way import FOOD, submitted

SHARES = Shares(at_once=2, person=3, house=5, everybody=20, seconds=30)
GUIDE = f"/v1/matters/{FOOD}/guide.pdf"


@pytest.fixture
def busy(monkeypatch, app):
    """While it lasts, one press holds a paper of somebody's, and what comes after waits."""
    turns = FairTurns(SHARES)
    monkeypatch.setattr(pdf, "TURNS", turns)
    monkeypatch.setattr(pdf, "SHELF", pdf.Shelf(pdf.KEPT))
    held, begun = threading.Event(), []

    def pressed(paper):
        begun.append(paper.title)
        held.wait(30)
        return b"%PDF-"

    monkeypatch.setattr(pdf, "pressed", pressed)

    @contextmanager
    def pressing(*requests):
        """Send these requests one after another; each waits, or is answered at once. Gives their answers."""
        answers: list[Future] = []
        with ThreadPoolExecutor(len(requests)) as pool:
            for request in requests:
                before = len(turns._line) + len(turns._running)
                answers.append(pool.submit(request))
                while len(turns._line) + len(turns._running) == before and not answers[-1].done():
                    threading.Event().wait(0.01)
            try:
                yield answers
            finally:
                held.set()

    pressing.begun = begun
    return pressing


def asks(caller, path, **headers):
    """A request from one network that many share; the loopback address is spared some limits."""
    behind = {"REMOTE_ADDR": "203.0.113.7"}
    return lambda: caller.raw("GET", path, headers=headers, environ_overrides=behind)


def outcome(answer):
    """The status, and the code of a refusal."""
    response = answer.result()
    return response.status_code, response.get_json()["code"] if response.is_json else ""


@pytest.mark.parametrize("who", ["citizen", "window"])
def test_one_person_s_surplus_is_refused_and_another_s_paper_is_printed(
    citizen, other_citizen, window, drain, busy, app, who
):
    number = submitted(citizen, drain)["number"]
    other = submitted(other_citizen, drain)["number"]
    greedy = {"citizen": citizen, "window": window}[who]
    mine = asks(greedy, f"/v1/cases/{number}/receipt.pdf")
    with busy(*[mine] * 12, asks(other_citizen, f"/v1/cases/{other}/receipt.pdf")) as answers:
        assert [outcome(answer) for answer in answers[4:12]] == [(429, "too_many_papers")] * 8
        assert all(int(answer.result().headers["Retry-After"]) > 0 for answer in answers[4:12])
        assert [request.owner.house for request in pdf.TURNS._running] == [
            greedy.person["id"],
            other_citizen.person["id"],
        ]
    assert [outcome(answer)[0] for answer in (*answers[:4], answers[12])] == [200] * 5


def test_behind_one_address_each_browser_has_a_share_and_who_is_logged_in_their_own(anyone, citizen, busy):
    """A network is refused its surplus; who is logged in there is not, and another network neither."""
    greedy = [
        asks(anyone, f"{GUIDE}?size={size}&lang={lang}", **{"User-Agent": "A"})
        for size in ("normal", "large")
        for lang in ("zh", "en")
    ]
    fifth = asks(anyone, f"{GUIDE}?version=1", **{"User-Agent": "A"})
    neighbour = asks(anyone, GUIDE, **{"User-Agent": "B"})
    inside = asks(citizen, f"{GUIDE}?size=large", **{"User-Agent": "A"})
    with busy(*greedy, fifth, neighbour, inside) as answers:
        assert outcome(answers[4]) == (429, "too_many_papers"), "three wait beside the one that is printed"
        houses = [request.owner.house for request in pdf.TURNS._running]
        assert houses[1] == citizen.person["id"], "not behind their neighbours"
    assert [outcome(answer)[0] for answer in (*answers[:4], *answers[5:])] == [200] * 6


def test_nobody_is_refused_for_what_others_behind_their_address_asked_for(anyone, citizen, busy):
    """200 requests of one browser are refused beyond its share, and its neighbours' are not counted with them."""
    with busy(*[asks(anyone, f"{GUIDE}?size=large", **{"User-Agent": "A"})] * 200, asks(citizen, GUIDE)) as answers:
        codes = {outcome(answer)[1] for answer in answers[4:200]}
    assert codes == {"too_many_papers"}
    assert outcome(answers[200])[0] == 200


def test_who_waits_for_a_guide_that_is_being_printed_gets_the_same_one(anyone, citizen, other_citizen, window, busy):
    four = [asks(caller, GUIDE) for caller in (anyone, citizen, other_citizen, window)]
    with busy(*four) as answers:
        pass
    assert [outcome(answer)[0] for answer in answers] == [200] * 4
    assert len(busy.begun) == 2, "as many as there are presses, not as many as ask"


def test_who_waits_in_vain_is_told_when_to_come_again(citizen, other_citizen, busy, monkeypatch, app):
    monkeypatch.setattr(pdf.TURNS, "_shares", Shares(at_once=1, person=3, house=5, everybody=20, seconds=0.05))
    with busy(asks(citizen, GUIDE), asks(other_citizen, f"{GUIDE}?size=large")) as answers:
        assert outcome(answers[1]) == (503, "unavailable")
        assert answers[1].result().headers["Retry-After"] == "10"
        english = {"Accept-Language": "en"}
        detail = Caller(app.test_client()).raw("GET", f"{GUIDE}?lang=en", headers=english).get_json()["detail"]
        assert detail == pdf.NotPrinted.en


def test_a_message_of_more_than_a_page_does_not_break_the_transcript():
    """One row of a table cannot go over two pages; on main it was a 500."""
    rows = (("时间", "谁", "内容"), ("10:00", "群众", "长" * 2000), ("10:01", "窗口", "好"))
    for size in (11, pdf.LARGE):
        paper = pdf.Paper("对话", (), (pdf.PaperBlock("table", rows, "对话", (3, 2, 8)),), "脚", size=size)
        assert pdf.pressed(paper).startswith(b"%PDF-")
