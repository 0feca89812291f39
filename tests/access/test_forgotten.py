"""Nothing of a room is forgotten: checked in the whole tree, and in a world whose owner has called every route."""

import re
from dataclasses import fields
from types import SimpleNamespace

import pytest

from api import office, own_data, ports
from api.identity.sealing.rotation import check_listed
from api.refusals import CannotStart
from tests.access import forgotten
from tests.access.calls import CALLS
from tests.access.test_matrix import ROWS, routes
from tests.conftest import Caller

LATE = {
    "health": "made by a probe outside of any transaction",
    "processes": "made by the start of the worker",
    "files.files": "made by GridFS with the first file, outside of any transaction",
}
"""Collections that are not made at the start: why that is no harm."""

UNVERSIONED = {
    "catalogue": "one counter",
    "circle": "one counter",
    "chat_cursors": "positions of a moment",
    "desk_presence": "of the moment",
    "files.files": "GridFS",
    "files.chunks": "GridFS",
    "idempotency": "gone after 30 days",
    "login_codes": "gone after a day",
    "login_counts": "gone after a day",
    "recoveries": "gone after a day",
    "sessions": "gone when the log-in ends",
    "health": "of the moment",
    "processes": "of the moment",
}
"""Collections whose documents carry no version: why an upgrade will never meet them."""

PLAIN: dict[str, str] = {}
"""Fields in which a citizen's words stand as they were written: why."""

RUNNING = "how the machines do, of nobody"
CATALOGUE = "the catalogue, which is public or will be"
COUNTED = "numbers alone"
STAFF = "posts of colleagues, whom administrators add and change themselves"
TEXTS = "texts of the desk, of nobody"
OWN = "a conversation that this officer holds"
UNRECORDED = {
    "/v1/me": "oneself",
    "/v1/me/proof": "oneself",
    "/v1/me/sessions": "oneself",
    "/v1/me/typed-keys": "oneself",
    "/v1/notices": "one's own",
    "/v1/desk/jobs": RUNNING,
    "/v1/desk/jobs/lag": RUNNING,
    "/v1/networks": RUNNING,
    "/v1/desk/departments": CATALOGUE,
    "/v1/desk/queues": COUNTED,
    "/v1/desk/matters": CATALOGUE,
    "/v1/desk/matters/export": CATALOGUE,
    "/v1/matters/<code>/versions": CATALOGUE,
    "/v1/matters/<code>/versions/<int:version>": CATALOGUE,
    "/v1/matters/<code>/versions/<int:version>/guide": CATALOGUE,
    "/v1/points/<point_id>/versions": CATALOGUE,
    "/v1/desk/promises": COUNTED,
    "/v1/points/<point_id>/work": COUNTED,
    "/v1/staff": STAFF,
    "/v1/staff/recoveries": STAFF,
    "/v1/staff/<staff_id>": STAFF,
    "/v1/canned-replies": TEXTS,
    "/v1/canned-replies/<reply>": TEXTS,
    "/v1/act-templates": TEXTS,
    "/v1/act-templates/<template_id>": TEXTS,
    "/v1/act-templates/<template_id>/versions": TEXTS,
}
"""What staff read without a line in the audit: why."""

HELD = {
    ("window", "/v1/conversations/<conversation>"): OWN,
    ("window", "/v1/conversations/<conversation>/messages"): OWN,
    ("window", "/v1/conversations/<conversation>/transcript.pdf"): OWN,
    ("window", "/v1/conversations/<conversation>/search"): OWN,
}
"""What one member of staff reads without a line, and others with one: why."""

STAFF_ACTORS = (
    *("window", "handler", "head", "supervisor", "admin", "elsewhere", "elsewhere_window", "elsewhere_head"),
)

BARE = {
    "POST /v1/uploads": "tus: answers by headers",
    "HEAD /v1/uploads/{upload_id}": "tus: answers by headers",
    "GET /v1/files/{upload_id}/content": "the file itself",
    "GET /v1/cases/{number}/clock": "the clock's own JSON, described in docs",
    "POST /v1/carriers/kuaidi100/{secret}": "what the provider wants to read",
}
"""Routes without a schema of their answer: why."""

NOT_DONE = {
    ("DELETE", "/v1/me"),
    ("DELETE", "/v1/sessions/current"),
    ("DELETE", "/v1/me/sessions"),
    ("DELETE", "/v1/me/sessions/<log_in_id>"),
}


@pytest.fixture(scope="module")
def made_at_start(shared_app, shared_database):
    """The collections that there are before anybody does anything."""
    return set(shared_database.handle.list_collection_names())


@pytest.fixture(scope="module")
def written():
    """What citizens write from now on."""
    words, raw = set(), Caller.raw

    def listening(self, method, path, **rest):
        if "citizen" in self.tokens and method != "GET":
            words.update(forgotten.words_of(rest.get("json")))
        return raw(self, method, path, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Caller, "raw", listening)
        yield words


@pytest.fixture(scope="module")
def lived(made_at_start, written, world):
    """The world after its owner has called every route that writes."""
    for method, rule in CALLS:
        if method == "GET" or (method, rule) in NOT_DONE or not ROWS[method, rule]["owner"].startswith("2"):
            continue
        answer = world.ask("owner", method, rule)
        assert answer.status_code < 300, f"{method} {rule}: {answer.text}"
    world.drain()
    return world


@pytest.fixture(scope="module")
def rows(lived, shared_database):
    """Every document that came of it, with its collection."""
    names = sorted(shared_database.handle.list_collection_names())
    return [(name, row) for name in names for row in shared_database[name].find()]


@pytest.fixture(scope="module")
def held(lived, rows):
    """The fields that hold the owner's id."""
    return forgotten.holding(rows, lived.owner.person["id"])


def none(faults):
    """Fails with every fault in a line of its own."""
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_every_store_is_in_the_assembly():
    assembled = {"INDEXES": office.indexes(), "SEALED": office.sealed(), "UPGRADES": office.upgrades()}
    none(forgotten.left_out_stores(forgotten.store_modules(), assembled))


def test_every_collection_is_made_at_the_start(made_at_start, rows):
    none(forgotten.unmade(made_at_start, {name for name, _ in rows}, LATE))


def test_every_document_carries_its_version(rows):
    none(forgotten.without_version(rows, UNVERSIONED))


def test_every_field_that_holds_a_citizen_is_exported_and_forgotten_or_said_to_stay(held):
    none(forgotten.undeclared_personal(own_data.undeclared(held)))
    none(forgotten.undecided(own_data.SECTIONS))


def test_an_export_has_something_of_everything_that_is_held(lived, held):
    exported = lived.owner.get("/v1/me/export")["data"]
    holds = {section.name: section.holds for section in own_data.SECTIONS}
    none(forgotten.empty_sections(exported, holds, held))


def test_an_export_has_every_row_of_a_list_however_its_pages_are_read():
    numbers = [{"id": n} for n in range(101)]
    for more in (0, 1):
        read = lambda after, more=more: numbers[(-1 if after is None else after) + 1 :][: own_data.PAGE + more]  # noqa: E731
        assert [row["id"] for row in own_data._all(read)] == list(range(101))


def test_what_a_citizen_writes_is_sealed(rows, written):
    assert len(written) >= 5
    none(forgotten.unsealed(rows, written, PLAIN))


def test_what_is_sealed_is_listed_for_the_rotation_of_keys(lived):
    used = {field for where in lived.office.rotation.used().values() for field in where}
    none(forgotten.unlisted_seals(check_listed(office.sealed(), used)))


@pytest.mark.parametrize("actor", STAFF_ACTORS)
def test_what_staff_read_of_citizens_is_in_the_audit(lived, shared_app, shared_database, actor):
    looks, who = {}, {"actor": lived.actors[actor].person["id"]}
    for (method, path), view in routes(shared_app).items():
        if method == "GET" and "anyone" not in view.allowed and ROWS[method, path][actor].startswith("2"):
            before = shared_database["audit"].count_documents(who)
            lived.ask(actor, method, path).close()
            looks[path] = shared_database["audit"].count_documents(who) - before
    held = {path: why for (officer, path), why in HELD.items() if officer == actor}
    none(forgotten.unrecorded(looks, UNRECORDED | held))
    assert len(looks) >= 10
    assert held.keys() <= looks.keys()


def test_every_exception_is_a_route_that_staff_read(shared_app):
    read = {
        path for (method, path), row in ROWS.items() if method == "GET" and any(row[a][0] == "2" for a in STAFF_ACTORS)
    }
    assert set(UNRECORDED) <= read


def test_a_citizens_list_is_their_own(lived, shared_app):
    lists = {}
    for (method, path), view in routes(shared_app).items():
        if method == "GET" and "citizen" in view.allowed and "<" not in path:
            of_owner, of_other = (lived.ask(actor, method, path).get_json() for actor in ("owner", "other"))
            if "items" in of_owner:
                lists[path] = of_owner["items"], of_other["items"]
    assert len(lists) >= 5
    none(forgotten.shared_lists(lists))


def test_every_route_says_what_it_answers(shared_app):
    description = shared_app.test_client().get("/openapi.json").get_json()
    none(forgotten.without_schema(description["paths"], BARE))


PORTS = {fill.__name__: fill for fill in vars(ports).values() if getattr(fill, "__name__", "").startswith("of_")}


def test_every_room_that_a_port_looks_up_is_built(shared_app):
    looked_up = {name for kind in ports.OfficeRooms.__mro__ for name in getattr(kind, "__annotations__", ())}
    built = shared_app.extensions["circle"]
    assert len(looked_up) >= 12
    assert {name for name in looked_up if not hasattr(built, name)} == set()


@pytest.mark.parametrize("name", PORTS)
def test_a_start_without_a_port_says_which_and_where(shared_app, monkeypatch, name):
    filled = ports.filled(PORTS[name], shared_app.extensions["circle"])
    kind = type(filled)
    init = kind.__init__
    for field in fields(kind):

        def lacking(self, *, left=field.name, **given):
            del given[left]
            init(self, **given)

        with monkeypatch.context() as patch:
            patch.setattr(kind, "__init__", lacking)
            with pytest.raises(CannotStart, match=f"{field.name}.*api/ports.py, {name}"):
                ports.filled(PORTS[name], shared_app.extensions["circle"])


ROW = {"_id": "1", "writer": "citizen:me", "text": "路灯不亮了"}
ROOM = SimpleNamespace(__name__="api.letters.store", INDEXES=[("letters", [("writer", 1)], {})])


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        (forgotten.left_out_stores([ROOM], {"INDEXES": []}), "api.letters.store.*STORES in api/office.py"),
        (forgotten.unmade({"cases"}, {"cases", "letters"}, {}), "letters.*INDEXES of its store.py"),
        (forgotten.without_version([("letters", ROW)], {}), 'letters.*"v": 1'),
        (
            forgotten.undeclared_personal(forgotten.holding([("letters", ROW)], "me")),
            "letters.writer.*SECTIONS in api/own_data",
        ),
        (
            forgotten.empty_sections({"letters": []}, {"letters": ["letters.writer"]}, {"letters.writer"}),
            "letters.*`export`",
        ),
        (forgotten.unsealed([("letters", ROW)], {"路灯不亮"}, {}), "letters.text.*SEALED of its store.py"),
        (forgotten.unlisted_seals(["letters.text"]), "letters.text.*SEALED of its store.py"),
        (forgotten.unrecorded({"/v1/desk/letters": 0}, {}), "/v1/desk/letters.*`record`"),
        (forgotten.shared_lists({"/v1/letters": ([ROW], [ROW])}), "/v1/letters.*ask by the actor's id"),
        (forgotten.shared_lists({"/v1/letters": ([], [])}), "/v1/letters.*tests/access/world.py"),
        (
            forgotten.without_schema({"/v1/desk/letters": {"get": {"responses": {"200": {}}}}}, {}),
            "/v1/desk/letters.*@bp.response",
        ),
    ],
)
def test_a_room_that_forgot_it_is_told_what_to_do_and_where(faults, says):
    [fault] = faults
    assert re.search(says, fault)
