"""Out of hours and afterwards: promises, silence, the rating, and how much one person may send."""

import pytest

from chat import Chat, limits
from chat.limits import RateBuckets, SendRate
from chat.refusals import AlreadyRated, BadFields, NotFound, TooOften, WrongState
from chat.talk.deadlines import SILENCE
from tests.chat.office import hours_later, said


@pytest.fixture
def look(chat, clock):
    """Let time pass and go round."""

    def looked(**after):
        clock.move(**after)
        for _ in range(3):
            chat.step(clock())
            clock.move(seconds=16)

    return looked


@pytest.fixture
def left(ask, office, clock):
    """A message left out of hours: open again in 15 hours, promised 2 hours later."""
    office.hours = hours_later(clock())
    return ask("明天能办吗？")


def counts(chat, officer):
    told = chat.promises.report(officer, 30)
    return {name: told[name] for name in ("open", "overdue", "kept", "missed", "withdrawn")}


def test_an_answer_in_time_keeps_the_promise(chat, officer, left, look):
    look(hours=15)
    assert counts(chat, officer) == {"open": 1, "overdue": 0, "kept": 0, "missed": 0, "withdrawn": 0}
    chat.handling.claim(officer, left)
    chat.post(officer, left, said("能办"))
    look(hours=2)
    assert counts(chat, officer)["kept"] == 1
    assert chat.promises.report(officer, 30)["percent_kept"] == 100.0


def test_staff_are_reminded_once_and_the_supervisor_is_told_when_it_is_overdue(chat, officer, left, look, office):
    look(hours=16, minutes=31)
    assert office.reminded == [("XC-H01", left, "due")]
    look(minutes=30)
    look(hours=3)
    assert office.reminded == [("XC-H01", left, "due"), ("XC-H01", left, "overdue")]
    assert counts(chat, officer)["overdue"] == 1
    chat.handling.claim(officer, left)
    chat.post(officer, left, said("能办"))
    look(hours=1)
    assert counts(chat, officer)["missed"] == 1
    assert chat.promises.report(officer, 30)["percent_kept"] == 0.0


def test_a_promise_ends_with_a_talk_that_its_citizen_closes(chat, officer, citizen, left, look):
    chat.handling.end(citizen, left, None)
    look(hours=17)
    assert counts(chat, officer)["withdrawn"] == 1
    assert chat.promises.report(officer, 30)["percent_kept"] is None


@pytest.fixture
def answered(chat, officer, citizen, ask):
    """The officer has answered; it is the citizen's turn. The officer stays."""
    talk = ask("在吗？")
    chat.handling.claim(officer, talk)
    chat.post(officer, talk, said("请说"))
    return talk


def events(chat, citizen, talk):
    return [m["event"]["type"] for m in chat.messages(citizen, talk, "public", 0, 99)["items"] if m["kind"] == "event"]


def test_silence_is_asked_about_and_then_ends_the_talk_with_a_reason(chat, citizen, officer, answered, look, office):
    look(seconds=SILENCE.total_seconds())
    assert events(chat, citizen, answered)[-1] == "warned"
    assert (f"citizen:{citizen.id}", answered) in {told[:2] for told in office.told}
    look(seconds=SILENCE.total_seconds())
    ended = chat.get(citizen, answered)
    assert (ended["state"], ended["closed"]["by"]) == ("closed", "system")
    assert ended["closed"]["reason"].startswith("长时间没有回复")
    assert events(chat, citizen, answered) == ["opened", "assigned", "warned", "closed"]


def test_a_word_of_the_citizen_keeps_it_alive_and_their_turn_is_never_the_officers(chat, citizen, answered, look):
    look(seconds=SILENCE.total_seconds())
    chat.post(citizen, answered, said("在的"))
    for _ in range(3):
        look(seconds=SILENCE.total_seconds())
    assert chat.get(citizen, answered)["state"] == "active"
    assert events(chat, citizen, answered).count("warned") == 1


def test_a_rating_is_given_once_by_the_citizen_after_the_end(chat, citizen, officer, answered):
    with pytest.raises(WrongState):
        chat.handling.rate(citizen, answered, {"score": 5})
    chat.handling.end(officer, answered, None)
    for nonsense in (0, 6, True, "5", None, 4.5):
        with pytest.raises(BadFields):
            chat.handling.rate(citizen, answered, {"score": nonsense})
    rated = chat.handling.rate(citizen, answered, {"score": 4, "text": "很快，我是 13800138000"})["rating"]
    assert (rated["score"], rated["text"]) == (4, "很快，我是 138****8000")
    with pytest.raises(AlreadyRated):
        chat.handling.rate(citizen, answered, {"score": 1})
    chat.handling.reopen(citizen, answered)
    assert chat.get(citizen, answered)["rating"]["score"] == 4


def test_the_transcript_tells_what_both_said_without_notes_and_numbers(chat, citizen, officer, answered, office):
    chat.post(citizen, answered, said("我是 13800138000"))
    chat.post(officer, answered, said("暗语", kind="note"))
    chat.handling.end(officer, answered, "已答复")
    chat.handling.rate(citizen, answered, {"score": 3})
    paper = chat.transcript(citizen, answered).decode()
    for words in ("张三", "王窗口来解答", "我是 138****8000", "咨询结束", "已答复", "基本满意", "首问负责人"):
        assert words in paper
    assert "暗语" not in paper
    assert "13800138000" not in paper
    with pytest.raises(NotFound):
        chat.transcript(office.citizen("李四"), answered)


def test_who_never_got_anybody_has_nothing_to_rate(chat, citizen, ask):
    talk = ask()
    chat.handling.end(citizen, talk, None)
    with pytest.raises(WrongState):
        chat.handling.rate(citizen, talk, {"score": 1})


def test_more_than_a_person_writes_is_refused_with_the_time_to_wait_and_nobody_else_is(
    database, office, citizen, officer, clock
):
    chat = Chat(database, ports=office.ports(), now=clock, posts_a_minute=6)
    talk = chat.open(citizen, "0", {})["id"]
    chat.handling.claim(officer, talk)
    for n in range(3):
        chat.post(citizen, talk, said(f"{n}"))
    with pytest.raises(TooOften) as refused:
        chat.post(citizen, talk, said("太快"))
    assert 1 <= refused.value.retry_after <= 10
    chat.post(officer, talk, said("慢慢说"))
    chat.close()


def test_a_bucket_fills_again(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    bucket = RateBuckets(SendRate(2, 0.5))
    bucket.take("a")
    bucket.take("a")
    with pytest.raises(TooOften):
        bucket.take("a")
    now[0] = 2.0
    bucket.take("a")
    with pytest.raises(TooOften):
        bucket.take("a")
