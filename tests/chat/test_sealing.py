"""What people write in conversations lies sealed in the store, and every way to read it opens it."""

import json
from functools import partial
from uuid import uuid4

import pytest

from api.identity.sealing.keyring import Keyring, SealBroken
from api.operations.migration import Shape
from api.operations.service import Migrations
from api.operations.store import OperationsStore
from chat import SEALED, UPGRADES, Chat, search
from chat.refusals import BadCursor
from chat.talk.sealing import ERASED, OF_MESSAGES, Sealer
from tests.chat.office import FAST, said

WRITTEN = {
    "first": "我想问居住证",
    "text": "户口本要原件吗",
    "answer": "带原件和复印件",
    "note": "此人情绪激动",
    "file": "王小明身份证正面.jpg",
    "place": "幸福小区三号楼",
    "transfer": "请财务窗口接着办",
    "block": "多次辱骂工作人员",
    "closing": "问题已经解决",
    "rating": "小王态度很好",
}
COLLECTIONS = ("messages", "conversations", "chat_blocks", "conversation_members", "chat_promises")


@pytest.fixture
def keyring(tmp_path) -> Keyring:
    return Keyring.open(tmp_path / "keys")


@pytest.fixture
def chat(database, office, clock, keyring, chat):
    """The chat with real keys in the place of the office's."""
    chat.close()
    office.keyring = keyring
    service = Chat(database, ports=office.ports(), now=clock, posts_a_minute=FAST)
    yield service
    service.close()


def post(kind, **content):
    return {"client_id": str(uuid4()), "kind": kind, **content}


@pytest.fixture
def lived(chat, citizen, officer, office, ask):
    """Everything that can be written has been written once; gives the conversation."""
    office.uploads["u1"] = citizen.id
    chat._messages._ports = chat._messages._ports.__class__(
        **{
            **vars(chat._messages._ports),
            "file": lambda *_: {"id": "u1", "name": WRITTEN["file"], "type": "x", "size": 1},
        }
    )
    colleague = office.officer("李审批")
    chat.officers.set_presence(colleague, {"state": "here"})
    talk = ask(WRITTEN["first"])
    chat.handling.claim(officer, talk)
    chat.post(citizen, talk, said(WRITTEN["text"]))
    chat.post(officer, talk, said(WRITTEN["answer"]))
    chat.post(officer, talk, said(WRITTEN["note"], kind="note"))
    chat.post(citizen, talk, post("image", file="u1"))
    chat.post(citizen, talk, post("location", location={"lon": 108.9, "lat": 34.2, "name": WRITTEN["place"]}))
    chat.handling.transfer(officer, talk, {"officer": colleague.id}, WRITTEN["transfer"])
    chat.blocks.block(colleague, "b1", talk, {"hours": 2, "reason": WRITTEN["block"]})
    chat.handling.end(citizen, talk, WRITTEN["closing"])
    chat.handling.rate(citizen, talk, {"score": 5, "text": WRITTEN["rating"]})
    return talk


def rows(database):
    return {name: list(database[name].find()) for name in COLLECTIONS}


def test_nothing_that_was_written_can_be_read_in_the_store(database, lived):
    kept = repr(rows(database))
    assert [name for name, words in WRITTEN.items() if words in kept or words[:4] in kept] == []
    assert "108.9" not in kept
    assert {row["v"] for name in COLLECTIONS[:3] for row in rows(database)[name]} == {2}


def test_every_way_to_read_opens_it(chat, citizen, officer, lived):
    public = repr(chat.messages(citizen, lived, "public", 0, 99))
    assert all(WRITTEN[name] in public for name in ("first", "text", "answer", "file", "place", "block", "closing"))
    notes = [note["text"] for note in chat.messages(officer, lived, "staff", 0, 99)["items"]]
    assert notes == [WRITTEN["note"], WRITTEN["transfer"]]
    view = chat.get(citizen, lived)
    assert (view["closed"]["reason"], view["rating"]["text"]) == (WRITTEN["closing"], WRITTEN["rating"])
    assert view["blocked"]["reason"] == WRITTEN["block"]
    assert [block["reason"] for block in chat.blocks.at_desk(officer, None, 9)["items"]] == [WRITTEN["block"]]
    [listed] = chat.at_desk(officer, "all", None, 9)["items"]
    assert (listed["closed"]["reason"], listed["last"]["event"]["type"]) == (WRITTEN["closing"], "rated")
    paper = chat.transcript(citizen, lived).decode()
    assert all(WRITTEN[name] in paper for name in ("first", "text", "answer", "file", "place", "closing"))
    assert WRITTEN["note"] not in paper


def test_it_opens_in_its_own_place_alone(chat, citizen, database, lived):
    [first, second] = database["messages"].find({"conversation": lived, "kind": "text"}).sort("seq", 1).limit(2)
    database["messages"].update_one({"_id": first["_id"]}, {"$set": {"words": second["words"]}})
    with pytest.raises(SealBroken):
        chat.messages(citizen, lived, "public", 0, 99)


def test_a_conversation_that_is_opened_again_has_no_closing_of_before(chat, citizen, database, ask):
    talk = ask("在吗？")
    chat.handling.end(citizen, talk, WRITTEN["closing"])
    chat.handling.reopen(citizen, talk)
    assert chat.get(citizen, talk)["closed"] is None
    assert database["conversations"].find_one({"_id": talk})["words"] is None


def test_with_the_account_goes_what_the_citizen_wrote_and_what_the_office_wrote_stays(chat, citizen, officer, lived):
    chat.forget(citizen)
    chat.forget(citizen)
    messages = chat.messages(officer, lived, "public", 0, 99)["items"]
    theirs = [row for row in messages if row["sender"]["id"] == citizen.id]
    assert [row["text"] for row in theirs] == [ERASED] * 4
    assert not any(name in row for row in theirs for name in ("file", "location", "card"))
    kept = repr([messages, chat.get(officer, lived), chat.messages(officer, lived, "staff", 0, 99)])
    gone = {"first", "text", "file", "place", "closing", "rating"}
    assert {name for name, words in WRITTEN.items() if words not in kept} == gone
    assert all(row["event"]["closed"]["reason"] is None for row in messages if (row.get("event") or {}).get("closed"))


# -- from plain documents -------------------------------------------------------------------


def plain(database, keyring):
    """Put all documents back to what an earlier release wrote."""
    for name, paths in (("messages", OF_MESSAGES), ("conversations", UPGRADES[1][2]), ("chat_blocks", UPGRADES[2][2])):
        sealer = Sealer(paths, keyring.seal, keyring.open_sealed)
        for row in list(database[name].find()):
            opened = {**sealer.opened(row), "v": 1}
            database[name].replace_one({"_id": row["_id"]}, opened)


def migrated(database, keyring, clock):
    steps = [(name, partial(expand, seal=keyring.seal), drop) for name, expand, drop in UPGRADES]
    store = OperationsStore(database)
    store.set_row("schema", versions={}, settled=False, **database.leasable(clock()))
    return Migrations(store, shape=Shape("0.2.0", steps, {}), now=clock).run()


def test_documents_of_an_earlier_release_are_sealed_and_read_as_before(
    chat, citizen, officer, database, lived, keyring, clock
):
    def everything():
        return [
            chat.messages(citizen, lived, "public", 0, 99),
            chat.messages(officer, lived, "staff", 0, 99),
            chat.get(citizen, lived),
            chat.blocks.at_desk(officer, None, 9),
        ]

    before = everything()
    plain(database, keyring)
    assert WRITTEN["text"] in repr(rows(database))
    assert everything() == before, "read as it is, until it is brought forward"
    lines = migrated(database, keyring, clock)
    assert len(lines) == 6
    kept = repr(rows(database))
    assert [name for name, words in WRITTEN.items() if words in kept] == []
    assert everything() == before
    assert migrated(database, keyring, clock) == []


def test_what_was_erased_while_an_older_process_still_ran_stays_erased(
    chat, citizen, officer, database, lived, keyring, clock
):
    plain(database, keyring)
    database["processes"].insert_one({"_id": "old", "seen_at": clock(), "release": "0.1.0"})
    assert "Old fields stay" in migrated(database, keyring, clock)[-1]
    chat.forget(citizen)
    clock.move(minutes=1)
    migrated(database, keyring, clock)
    messages = chat.messages(officer, lived, "public", 0, 99)["items"]
    assert [row["text"] for row in messages if row["sender"]["id"] == citizen.id] == [ERASED] * 4
    assert WRITTEN["text"] not in repr(messages)


def test_every_sealed_field_is_listed_for_the_rotation_of_keys(database, lived):
    sealed = {name for name in COLLECTIONS for row in rows(database)[name] if row.get("words")}
    assert sealed == {"messages", "conversations", "chat_blocks"}
    assert {name for name, paths in SEALED if "words" in paths} == sealed


# -- search -----------------------------------------------------------------------------------


@pytest.fixture
def looks(monkeypatch):
    """Small bounds: 6 messages for a page, 3 conversations, 4 at once."""
    for name, value in (("MOST_OPENED", 6), ("MOST_ENTERED", 3), ("AT_ONCE", 4)):
        monkeypatch.setattr(search, name, value)


def every(find, words, limit):
    """All pages of a search: the hits as (conversation, seq), and the sizes of the pages."""
    hits, sizes, cursor = [], [], None
    while True:
        page = find(words, (cursor, limit))
        hits += [(hit["conversation"], hit["seq"]) for hit in page["items"]]
        sizes.append(len(page["items"]))
        cursor = page["next"]
        if cursor is None:
            return hits, sizes


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_search_opens_a_bounded_number_for_a_page_and_finds_everything_once(
    chat, citizen, officer, ask, clock, looks, monkeypatch, limit
):
    talks = []
    for _ in range(5):
        clock.move(seconds=1)
        talks.append(ask("在吗？"))
        chat.handling.claim(officer, talks[-1])
        for number in range(7):
            chat.post(officer, talks[-1], said("带户口本" if number % 3 == 0 else "好的"))
        chat.handling.end(officer, talks[-1], None)
    opened, page_before = [], chat._store.page_before
    monkeypatch.setattr(chat._store, "page_before", lambda *given: opened.append(1) or page_before(*given))
    hits, sizes = every(partial(chat.search.of_officer, officer), "户口本", limit)
    assert hits == [(talk, seq) for talk in reversed(talks) for seq in (10, 7, 4)]
    assert max(sizes) <= limit
    assert len(opened) <= 3 * len(sizes), "at most two and a bit more of four at once for a page"
    own, _ = every(partial(chat.search.in_conversation, citizen, talks[0]), "户口本", limit)
    assert own == [(talks[0], seq) for seq in (10, 7, 4)]


def test_full_width_and_capital_letters_are_found_and_masked_numbers_are_not_given_away(chat, citizen, ask):
    talk = ask("请问ＡＢＣ证，电话13800138000")

    def hits(words):
        return len(chat.search.in_conversation(citizen, talk, words, (None, 9))["items"])

    assert [hits(words) for words in ("abc证", "ＡＢＣ", "138****8000", "13800138000")] == [1, 1, 1, 0]


@pytest.mark.parametrize("cursor", ["", "x", "x:", ":3", "x:-1", "x:１", "x:" + "9" * 30])
def test_a_cursor_that_is_none_of_ours_is_refused(chat, citizen, ask, cursor):
    with pytest.raises(BadCursor):
        chat.search.in_conversation(citizen, ask("在吗？"), "在", (cursor, 9))


def test_a_document_is_not_changed_by_sealing_it(keyring):
    row = {"_id": "1", "v": 2, "text": "甲", "event": {"closed": {"by": "citizen", "reason": "乙"}, "block": None}}
    before = json.dumps(row)
    sealer = Sealer(OF_MESSAGES, keyring.seal, keyring.open_sealed)
    sealed = sealer.sealed(row)
    assert json.dumps(row) == before
    assert "reason" not in sealed["event"]["closed"]
    assert sealer.opened(sealed) == row
