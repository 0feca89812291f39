"""Reading changes nothing: every GET is asked by those who may, with the whole store before and after."""

from tests.access.test_matrix import ROWS

READERS = ("anyone", "owner", "window", "supervisor", "admin")
"""Between them they may read all there is: each route is asked by the first who may, and by the first of the staff."""

OF_THE_READING = {
    "audit": "who read",
    "audit_batches": "the chain of the same",
    "sessions": "when a log-in was last used",
    "health": "the probe of /readyz",
    "case_documents": "the number of a document whose event has yet to be reacted to",
    "case_numbers": "the counter of the same",
    "case_papers": "the bytes of a paper, which stay as they were first given out",
}
"""Collections that a reading may write: what."""


def everything(database):
    """Every document of the store, by collection and id, but those of OF_THE_READING."""
    names = set(database.handle.list_collection_names()) - set(OF_THE_READING)
    return {name: {str(row["_id"]): row for row in database[name].find()} for name in names}


def readers(rule):
    """Who asks this route: the first of READERS who may, and the first of them who is staff."""
    may = [actor for actor in READERS if "200" in ROWS["GET", rule][actor]] or ["owner"]
    staff = [actor for actor in may if actor not in ("anyone", "owner")]
    return {may[0], *staff[:1]}


def test_reading_changes_nothing(world, shared_database):
    rules = [rule for method, rule in ROWS if method == "GET"]
    asked = [world.request(actor, "GET", rule) for rule in rules for actor in sorted(readers(rule))]
    before = everything(shared_database)
    for caller, path, how in asked:
        caller.raw("GET", path, **how).close()
    after = everything(shared_database)
    assert len(asked) > 100
    assert {name for name in before | after if before.get(name) != after.get(name)} == set()
