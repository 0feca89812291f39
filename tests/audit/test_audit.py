"""The audit: appended by many, sealed by one at a time, and every edit, removal and insertion found."""

import json
import random
import threading
from dataclasses import asdict, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from api.audit.audit import GENESIS, Head, canonical, digest, numbered, seal
from api.audit.service import PAUSE, Audit
from api.audit.store import INDEXES, AuditStore, LeaseLost


@pytest.fixture
def store(database):
    database.ensure(INDEXES)
    return AuditStore(database)


@pytest.fixture
def audit(store, clock):
    return Audit(store, now=clock)


@pytest.fixture
def chain(audit, clock):
    """Three sealed batches of four rows, and two rows after them."""
    for batch in range(3):
        for n in range(4):
            audit.record("staff-1", "read_unmasked", f"case:{batch}-{n}")
        audit.seal(clock())
        clock.move(seconds=PAUSE.total_seconds())
    audit.record("staff-1", "read_unmasked", "case:late-1")
    audit.record("staff-2", "read_unmasked", "case:late-2")
    return audit


def kinds(report):
    return {fault.kind for fault in report.faults}


def test_an_untouched_chain_has_no_fault_and_says_how_long_its_unsealed_tail_is(chain, clock):
    report = chain.verify()
    assert report.faults == ()
    assert (report.head.batch, report.head.seq) == (3, 12)
    assert (report.unsealed, report.unsealed_since) == (2, clock())


def test_an_empty_audit_has_the_head_that_every_chain_begins_with(audit):
    assert audit.head() == Head(0, 0, GENESIS)
    assert audit.verify(Head()).faults == ()


EDITS = {
    "who": {"$set": {"actor": "staff-9"}},
    "what": {"$set": {"act": "read_file"}},
    "of whom": {"$set": {"subject": "case:other"}},
    "when": {"$currentDate": {"at": True}},
    "a word more": {"$set": {"note": "harmless"}},
    "a word less": {"$unset": {"v": ""}},
}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_any_edit_of_a_sealed_row_is_found_where_it_is(chain, database, change):
    database["audit"].update_one({"seq": 6}, change)
    [fault] = chain.verify().faults
    assert (fault.kind, fault.batch, fault.seq) == ("row_edited", 2, 6)


def test_a_removed_row_is_found(chain, database):
    database["audit"].delete_one({"seq": 12})
    [fault] = chain.verify().faults
    assert (fault.kind, fault.seq) == ("row_removed", 12)


def test_a_row_taken_out_of_the_chain_by_its_number_is_found(chain, database):
    database["audit"].update_one({"seq": 5}, {"$set": {"seq": 0}})
    assert kinds(chain.verify()) == {"row_removed"}


@pytest.mark.parametrize("seq", [4, 13, 400, -1], ids=str)
def test_an_inserted_row_is_found_whatever_number_it_bears(chain, database, seq):
    row = database["audit"].find_one({"seq": 4})
    database["audit"].insert_one({**row, "_id": "forged", "seq": seq})
    assert kinds(chain.verify()) == {"row_inserted"}


def test_two_rows_that_changed_places_are_found(chain, database):
    one, two = (database["audit"].find_one({"seq": seq})["_id"] for seq in (6, 7))
    database["audit"].update_one({"_id": one}, {"$set": {"seq": 7}})
    database["audit"].update_one({"_id": two}, {"$set": {"seq": 6}})
    assert kinds(chain.verify()) == {"row_edited"}


def test_a_row_resealed_by_hand_breaks_its_batch(chain, database):
    database["audit"].update_one({"seq": 6}, {"$set": {"actor": "staff-9"}})
    forged = digest(database["audit"].find_one({"seq": 6}))
    database["audit_batches"].update_one({"_id": 2}, {"$set": {"rows.1": forged}})
    assert kinds(chain.verify()) == {"batch_edited"}


def test_a_batch_resealed_by_hand_breaks_the_chain_after_it(chain, store, database):
    database["audit"].update_one({"seq": 6}, {"$set": {"actor": "staff-9"}})
    first, second, _ = store.batches(0)
    forged = seal(first.head, store.rows(5, 8), second.at)
    database["audit_batches"].update_one({"_id": 2}, {"$set": {"rows": list(forged.rows), "hash": forged.hash}})
    [fault] = chain.verify().faults
    assert (fault.kind, fault.batch) == ("batch_unlinked", 3)


@pytest.mark.parametrize("batch", [1, 2])
def test_a_removed_batch_is_found(chain, database, batch):
    database["audit_batches"].delete_one({"_id": batch})
    assert "batch_missing" in kinds(chain.verify())


def test_a_chain_cut_at_its_end_or_forged_whole_is_found_by_a_head_kept_elsewhere(chain, database):
    kept = chain.head()
    assert chain.verify(kept).faults == ()
    database["audit_batches"].delete_one({"_id": 3})
    database["audit"].delete_many({"seq": {"$gt": 8}})
    assert chain.verify().faults == (), "by itself it looks whole"
    assert kinds(chain.verify(kept)) == {"head_unknown"}


def test_an_older_head_still_fits_when_the_chain_has_grown(chain, clock):
    kept = chain.head()
    chain.seal(clock())
    assert chain.head() != kept
    assert chain.verify(kept).faults == ()
    assert kinds(chain.verify(replace(kept, hash=GENESIS))) == {"head_unknown"}


def test_whatever_one_does_to_one_sealed_row_or_batch_is_found(chain, database):
    rng = random.Random(20261124)
    for _ in range(40):
        name = rng.choice(["audit", "audit_batches"])
        row = rng.choice(list(database[name].find({"seq": {"$gt": 0}} if name == "audit" else {"_id": {"$lt": 3}})))
        field = rng.choice(sorted(row.keys() - {"_id", "v"}) + ["gone"])
        database[name].delete_one({"_id": row["_id"]})
        if field != "gone":
            other = row[field] + timedelta(seconds=1) if field == "at" else 99 if isinstance(row[field], int) else "x"
            database[name].insert_one({**row, field: other})
        assert chain.verify().faults, (name, row, field)
        database[name].delete_one({"_id": row["_id"]})
        database[name].insert_one(row)
        assert chain.verify().faults == ()


def test_rows_gather_for_a_while_and_an_idle_audit_seals_nothing(audit, clock, database):
    assert audit.seal(clock()) is False
    assert database["audit_batches"].count_documents({}) == 0
    clock.move(seconds=5)
    audit.record("a", "b", "c")
    audit.seal(clock())
    audit.record("a", "b", "d")
    audit.seal(clock())
    assert audit.head().seq == 1
    clock.move(seconds=5)
    audit.seal(clock())
    assert audit.head().seq == 2


def test_a_long_tail_is_sealed_in_batches_of_two_hundred_without_a_pause(audit, clock):
    for n in range(250):
        audit.record("a", "b", str(n))
    assert audit.seal(clock()) is True
    assert audit.seal(clock()) is False
    assert (audit.head().batch, audit.head().seq) == (2, 250)
    assert audit.verify().faults == ()


def test_rows_of_the_first_release_which_bear_no_number_are_sealed_too(audit, database, clock):
    database["audit"].insert_one({"_id": "0", "v": 1, "actor": "a", "act": "b", "subject": "c", "at": clock()})
    audit.seal(clock())
    assert audit.head().seq == 1
    assert audit.verify().faults == ()


def test_many_append_at_once_while_many_seal_and_every_row_is_sealed_once(store, clock):
    audits = [Audit(store, now=clock) for _ in range(3)]
    stop = threading.Event()

    def append(audit):
        for n in range(30):
            audit.record("a", "b", str(n))

    def sweep(audit):
        while not stop.is_set():
            audit.seal(clock())
            clock.move(seconds=2)

    writers = [threading.Thread(target=append, args=(audit,)) for audit in audits]
    sealers = [threading.Thread(target=sweep, args=(audit,)) for audit in audits]
    for thread in writers + sealers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    clock.move(minutes=2)
    audits[0].seal(clock())
    report = audits[0].verify()
    assert report.faults == ()
    assert (report.head.seq, report.unsealed) == (90, 0)


def test_a_sealer_that_was_thought_dead_comes_back_late_and_changes_nothing(audit, store, clock, database):
    audit.record("a", "b", "c")
    lost = store.lease(clock())
    assert store.lease(clock()) is None, "one at a time"
    rows = numbered(Head(), store.unsealed(10))
    clock.move(seconds=61)
    audit.seal(clock())
    with pytest.raises(LeaseLost):
        store.put_batch(lost, seal(Head(), rows, clock()), rows, clock())
    assert audit.verify().faults == ()
    assert database["audit_batches"].count_documents({}) == 1


def test_a_row_is_there_with_the_change_it_tells_of_or_not_at_all(audit, database):
    def fail(session):
        audit.record("a", "b", "c", session=session)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        database.transact(fail)
    assert database["audit"].count_documents({}) == 0


def test_the_canonical_form_does_not_depend_on_the_order_of_fields_nor_on_the_offset(clock):
    shanghai = clock().astimezone(ZoneInfo("Asia/Shanghai"))
    assert canonical({"b": "字", "a": clock()}) == canonical({"a": shanghai, "b": "字"})
    assert json.loads(canonical({"a": clock()})) == {"a": "2026-11-24T02:00:00.000+00:00"}


def test_a_head_is_written_and_read_as_json(chain):
    assert Head(**json.loads(json.dumps(asdict(chain.head())))) == chain.head()
