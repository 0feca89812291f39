"""The collections of identity: people, devices, codes and counts, WeChat accounts, mandates, consents, recoveries.

For the rotation of keys, also every field of any collection that a room lists as sealed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from api.storage.database import MOST_TRIES, Contended, Database, Document, Index

INDEXES: list[Index] = [
    ("citizens", [("phone_index", 1)], {"unique": True}),
    ("citizens", [("id_index", 1)], {}),
    ("wechat_accounts", [("citizen", 1)], {}),
    ("devices", [("citizen", 1), ("seen_at", -1)], {}),
    ("devices", [("staff", 1), ("seen_at", -1)], {}),
    ("staff", [("username", 1)], {"unique": True}),
    ("login_codes", [("phone_index", 1), ("created_at", -1)], {}),
    ("login_codes", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("login_counts", [("delete_at", 1)], {"expireAfterSeconds": 0}),
    ("mandates", [("agent_index", 1), ("_id", -1)], {}),
    ("mandates", [("principal_index", 1), ("_id", -1)], {}),
    ("consents", [("citizen", 1), ("_id", 1)], {}),
    ("recoveries", [("delete_at", 1)], {"expireAfterSeconds": 0}),
]

SEALED = [
    ("citizens", ("phone", "name", "id_number")),
    ("wechat_accounts", ("openid",)),
    ("login_codes", ("phone",)),
    ("staff", ("totp_secret",)),
    ("mandates", ("principal_name", "principal_number", "agent_name", "agent_number")),
]
"""What of this room is sealed: collection, and the paths of its sealed fields. Every room's store lists its own.

A path goes down by dots; `*` is any key. The record of a ciphertext is the document's `_id`, its field the last name.
"""


BLIND = [
    ("citizens", "phone_index"),
    ("citizens", "id_index"),
    ("login_codes", "phone_index"),
    ("mandates", "principal_index"),
    ("mandates", "agent_index"),
]
"""The fields of this room that hold a blind index. Every room's store lists its own, for the rotation of its key."""

SMALL = {
    "staff": "some hundreds of people",
    "recoveries": "staff whose password is being set anew, for a day",
}
"""Collections of every store that stay so few that they may be read whole, each with the reason."""

WHOLE = {"batch": "a rotation of keys goes through every row", "everything": "a look for keys still in use"}
"""Functions of every store that are meant to read whole collections, each with the reason."""

MOST_MANDATES = 200


class IdentityStore:
    """People, their devices, codes, mandates and consents."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add_code(self, session: Any, row: Document) -> None:
        """Insert a sent code."""
        self._db["login_codes"].insert_one(row, session=session)

    def latest_code(self, phone_index: str) -> Document | None:
        """The code that was sent last to a number, the only valid one."""
        return self._db["login_codes"].find_one({"phone_index": phone_index}, sort=[("created_at", -1)])

    def code(self, code_id: str) -> Document | None:
        """A code by its id."""
        return self._db["login_codes"].find_one({"_id": code_id})

    def count(self, key: str, seconds: int, now: datetime) -> tuple[int, datetime]:
        """Count one more under `key` in a window of `seconds`; returns the count and the end of the window.

        Atomic: concurrent callers get different counts. Raises Contended.
        """
        ends_at = now + timedelta(seconds=seconds)
        begun = {"n": 1, "ends_at": ends_at, "delete_at": ends_at + timedelta(days=1)}
        for _ in range(MOST_TRIES):
            running = {"_id": key, "ends_at": {"$gt": now}}
            if before := self._db.take_before("login_counts", running, {"$inc": {"n": 1}}):
                return before["n"] + 1, before["ends_at"]
            over = {"_id": key, "ends_at": {"$lte": now}}
            if self._db.take_before("login_counts", over, {"$set": begun}):
                return 1, ends_at
            with suppress(DuplicateKeyError):  # there was one, and it was dropped before it could be read
                if self._db.add("login_counts", {"_id": key, **begun}):
                    return 1, ends_at
        raise Contended(key)

    def drop_count(self, key: str) -> None:
        """Delete a counter."""
        self._db["login_counts"].delete_one({"_id": key})

    def take_try(self, code_id: str, most: int, now: datetime) -> Document | None:
        """Count one try, atomically, and return the code as it was; None if it is used, over, or tried too often."""
        live = {"_id": code_id, "used": False, "tries": {"$lt": most}, "expires_at": {"$gt": now}}
        return self._db.take_before("login_codes", live, {"$inc": {"tries": 1}})

    def live_code(self, code_id: str, now: datetime) -> Document | None:
        """A code that is neither used nor over."""
        return self._db["login_codes"].find_one({"_id": code_id, "used": False, "expires_at": {"$gt": now}})

    def use_code(self, code_id: str) -> bool:
        """Mark a code as used; False if it was used already."""
        unused = {"_id": code_id, "used": False}
        return self._db.take_before("login_codes", unused, {"$set": {"used": True}}) is not None

    def citizen_of_phone(self, row: Document) -> Document:
        """The citizen with this phone, inserted from `row` if there is none. Concurrent calls insert one."""
        index = row["phone_index"]
        wanted = {"phone_index": {"$in": index} if isinstance(index, list) else index}
        citizen = self._db["citizens"].find_one(wanted)
        if citizen is None:
            try:
                citizen = self._db.put("citizens", row)
            except DuplicateKeyError:
                citizen = self._db["citizens"].find_one(wanted)
        assert citizen is not None
        return citizen

    def citizen(self, citizen_id: str, session: Any = None) -> Document | None:
        """A citizen by id."""
        return self._db["citizens"].find_one({"_id": citizen_id}, session=session)

    def citizen_with_phone(self, phone_index: str, session: Any = None) -> Document | None:
        """The citizen who has this number now, or None."""
        return self._db["citizens"].find_one({"phone_index": phone_index}, session=session)

    def change_citizen(self, citizen_id: str, change: Document, session: Any = None) -> None:
        """Set fields of a citizen."""
        self._db["citizens"].update_one({"_id": citizen_id}, {"$set": change}, session=session)

    def rename_citizen(self, citizen_id: str, sealed_name: str) -> bool:
        """Set the name of a citizen; False if it was verified, or the account closed, meanwhile."""
        unverified = {"_id": citizen_id, "assurance": "phone", "closed_at": None}
        return self._db["citizens"].update_one(unverified, {"$set": {"name": sealed_name}}).matched_count == 1

    def set_citizens_language(self, citizen_id: str, language: str) -> None:
        """Set the language of a citizen's notices."""
        self._db["citizens"].update_one({"_id": citizen_id, "closed_at": None}, {"$set": {"language": language}})

    def unset_citizen(self, session: Any, citizen_id: str, change: Document, gone: list[str]) -> None:
        """Set fields of a citizen and unset others."""
        fields = {"$set": change, "$unset": dict.fromkeys(gone, "")}
        self._db["citizens"].update_one({"_id": citizen_id}, fields, session=session)

    def close_citizen(self, session: Any, citizen_id: str, change: Document, gone: list[str]) -> bool:
        """Set and unset fields of a citizen who closes the account; False if it was closed already."""
        fields, still = {"$set": change, "$unset": dict.fromkeys(gone, "")}, {"_id": citizen_id, "closed_at": None}
        return self._db["citizens"].update_one(still, fields, session=session).matched_count == 1

    # -- WeChat accounts and devices --------------------------------------

    def wechat_account(self, openid_index: str) -> Document | None:
        """A WeChat account by its blind index."""
        return self._db["wechat_accounts"].find_one({"_id": openid_index})

    def add_wechat_account(self, row: Document) -> Document:
        """Bind a WeChat account to a citizen; returns the existing row if another log-in was first."""
        return self._db.put("wechat_accounts", row)

    def unbind_wechat(self, openid_index: str, citizen_id: str) -> None:
        """Delete the binding of a WeChat account, if it is still to this citizen."""
        self._db["wechat_accounts"].delete_one({"_id": openid_index, "citizen": citizen_id})

    def wechat_of(self, citizen_id: str) -> Document | None:
        """The WeChat account of a citizen that was bound last."""
        return self._db["wechat_accounts"].find_one({"citizen": citizen_id}, sort=[("at", -1)])

    def knows_device(self, device_digest: str) -> bool:
        """Whether its owner has logged in with this device before; the digest covers both."""
        return self._db["devices"].find_one({"_id": device_digest}, {"_id": 1}) is not None

    def see_device(self, device_digest: str, owner: Document, most: int, now: datetime) -> None:
        """Record a device of its owner, {citizen: id} or {staff: id}; the `most` that were seen last are kept."""
        self._db["devices"].update_one({"_id": device_digest}, {"$set": {**owner, "seen_at": now}}, upsert=True)
        older = self._db["devices"].find(owner, {"_id": 1}).sort("seen_at", -1).skip(most)
        self._db["devices"].delete_many({"_id": {"$in": [row["_id"] for row in older]}})

    def forget_staff_devices(self, staff_id: str, session: Any) -> None:
        """Delete the known devices of a member of staff."""
        self._db["devices"].delete_many({"staff": staff_id}, session=session)

    def forget_ways_in(self, citizen_id: str, session: Any = None) -> None:
        """Delete the WeChat accounts and known devices of a citizen."""
        self._db["wechat_accounts"].delete_many({"citizen": citizen_id}, session=session)
        self._db["devices"].delete_many({"citizen": citizen_id}, session=session)

    def hand_over(self, old: str, new: str) -> bool:
        """Move some consents and WeChat accounts of one citizen to another; True once none is left.

        Known devices go: each is a digest with the id of its citizen.
        """
        self._db["devices"].delete_many({"citizen": old})
        return all(self._db.hand_over(name, "citizen", old, new) for name in ("consents", "wechat_accounts"))

    # -- consents and mandates --------------------------------------------

    def add_consent(self, row: Document) -> None:
        """Append an entry to the ledger of consents."""
        self._db.put("consents", row)

    def consents(self, citizen_id: str) -> list[Document]:
        """A citizen's ledger of consents, oldest first."""
        return list(self._db["consents"].find({"citizen": citizen_id}).sort("_id", 1))

    def add_mandate(self, session: Any, row: Document) -> None:
        """Insert a mandate."""
        self._db["mandates"].insert_one(row, session=session)

    def mandate(self, mandate_id: str, session: Any = None) -> Document | None:
        """A mandate by id."""
        return self._db["mandates"].find_one({"_id": mandate_id}, session=session)

    def touch_mandate(self, session: Any, mandate_id: str) -> None:
        """Write to a mandate, so that a concurrent withdrawal conflicts with this transaction."""
        self._db["mandates"].update_one({"_id": mandate_id}, {"$inc": {"used": 1}}, session=session)

    def accounts_numbered(self, id_index: str) -> list[Document]:
        """The verified accounts under an identity number."""
        return list(self._db["citizens"].find({"id_index": id_index, "assurance": "verified"}))

    def mandates_of(self, number_index: str) -> list[Document]:
        """The mandates that the holder of a number gave or holds, newest first."""
        sides = [{"principal_index": number_index}, {"agent_index": number_index}]
        rows = {row["_id"]: row for side in sides for row in self._db.newest("mandates", side, None, MOST_MANDATES)}
        return [rows[key] for key in sorted(rows, reverse=True)[:MOST_MANDATES]]

    def end_mandate(self, session: Any, mandate_id: str, by: str, now: datetime) -> bool:
        """End a mandate; False if it had ended."""
        live, ended = {"_id": mandate_id, "ended_at": None}, {"$set": {"ended_at": now, "ended_by": by}}
        return self._db["mandates"].update_one(live, ended, session=session).modified_count == 1

    # -- staff --------------------------------------------------------------

    def add_staff(self, session: Any, row: Document) -> bool:
        """Insert a member of staff; False if the user name is taken, and then the transaction must end."""
        try:
            self._db["staff"].insert_one(row, session=session)
        except DuplicateKeyError:
            return False
        return True

    def staff_named(self, username: str) -> Document | None:
        """A member of staff by user name."""
        return self._db["staff"].find_one({"username": username})

    def staff(self, staff_id: str) -> Document | None:
        """A member of staff by id."""
        return self._db["staff"].find_one({"_id": staff_id})

    def all_staff(self, wanted: Document, after: str | None, limit: int) -> list[Document]:
        """Up to `limit` members of staff by `q`, `role`, `active`, in the order in which they were added.

        `q` is searched in every row, since there are only some hundreds.
        """
        query: Document = {"_id": {"$gt": after}} if after else {}
        if wanted.get("q"):
            part = {"$regex": re.escape(wanted["q"]), "$options": "i"}
            query["$or"] = [{field: part} for field in ("name", "username", "point", "department")]
        if "role" in wanted:
            query["roles"] = wanted["role"]
        if "active" in wanted:
            query["active"] = wanted["active"]
        return list(self._db["staff"].find(query).sort("_id", 1).limit(limit))

    def staff_by_id(self, staff_ids: set[str]) -> dict[str, Document]:
        """These members of staff, by id."""
        return {row["_id"]: row for row in self._db["staff"].find({"_id": {"$in": sorted(staff_ids)}})}

    def staff_at(self, point: str) -> int:
        """How many active members of staff work at a point."""
        return self._db["staff"].count_documents({"point": point, "active": True})

    def staff_of(self, roles: Sequence[str], point: str | None) -> list[str]:
        """Ids of active staff with one of these roles, at a point where one is named."""
        wanted: Document = {"active": True, "roles": {"$in": list(roles)}, **({"point": point} if point else {})}
        return [row["_id"] for row in self._db["staff"].find(wanted, {"_id": 1}).sort("_id", 1)]

    def staff_posted(self, field: str, value: str) -> list[Document]:
        """The active members of staff whose `point` or `department` is this one, in the order of their names."""
        return list(self._db["staff"].find({field: value, "active": True}).sort("name", 1))

    def any_staff(self) -> bool:
        """Whether any member of staff exists."""
        return self._db["staff"].find_one({}, {"_id": 1}) is not None

    def change_staff(self, staff_id: str, change: Document, session: Any = None, still: Document | None = None) -> bool:
        """Set fields of a member of staff, while the fields in `still` are as they were read; False if they are not."""
        wanted, fields = {**(still or {}), "_id": staff_id}, {"$set": change, "$inc": {"version": 1}}
        return self._db["staff"].update_one(wanted, fields, session=session).matched_count == 1

    def edit_staff(self, session: Any, staff_id: str, version: int, change: Document) -> bool:
        """Set fields of a member of staff at `version`; False if another edit came first."""
        wanted = {"_id": staff_id, "version": version}
        done = self._db["staff"].update_one(wanted, {"$set": change, "$inc": {"version": 1}}, session=session)
        return done.modified_count == 1

    def touch_admins(self, session: Any) -> int:
        """Count the active administrators; a write makes transactions that do so concurrently conflict."""
        self._db["health"].update_one({"_id": "admins"}, {"$inc": {"n": 1}}, upsert=True, session=session)
        return sum(1 for _ in self._db["staff"].find({"roles": "admin", "active": True}, {"_id": 1}, session=session))

    def use_totp_step(self, staff_id: str, step: int) -> bool:
        """Mark a TOTP step as used; False if it, or a later one, was used."""
        fresh = {"_id": staff_id, "totp_step": {"$lt": step}}
        return self._db.take_before("staff", fresh, {"$set": {"totp_step": step}}) is not None

    def open_recovery(self, session: Any, row: Document) -> None:
        """Open a recovery, replacing one that waits."""
        fresh = {**row, "delete_at": row["ends_at"] + timedelta(days=1)}
        self._db["recoveries"].replace_one({"_id": row["_id"]}, fresh, upsert=True, session=session)

    def recoveries(self, now: datetime, after: str | None, limit: int) -> list[Document]:
        """Up to `limit` of the recoveries that wait, by member of staff."""
        wanted: Document = {"ends_at": {"$gt": now}, **({"_id": {"$gt": after}} if after else {})}
        return list(self._db["recoveries"].find(wanted).sort("_id", 1).limit(limit))

    def recovery(self, staff_id: str, now: datetime) -> Document | None:
        """The recovery of this member of staff that waits, or None."""
        return self._db["recoveries"].find_one({"_id": staff_id, "ends_at": {"$gt": now}})

    def take_recovery(self, session: Any, staff_id: str, by: str) -> bool:
        """Delete the recovery that `by` opened; False if it is gone."""
        return self._db["recoveries"].delete_one({"_id": staff_id, "by": by}, session=session).deleted_count == 1


class SealedRows:
    """The sealed fields of all rooms, for the rotation of keys."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def batch(self, collection: str, paths: tuple[str, ...], after: Any, limit: int) -> list[Document]:
        """Up to `limit` documents after the `_id` `after`, in order, with only the fields under these paths."""
        wanted: Document = {} if after is None else {"_id": {"$gt": after}}
        projection = {path.removesuffix(".*"): 1 for path in paths}
        return list(self._db[collection].find(wanted, projection).sort("_id", 1).limit(limit))

    def swap(self, collection: str, record: Any, path: str, old: Any, new: Any) -> bool:
        """Replace a ciphertext or blind index if it is still the old one; False if a concurrent change won."""
        changed = self._db[collection].update_one({"_id": record, path: old}, {"$set": {path: new}})
        return changed.matched_count == 1

    def everything(self) -> Iterator[tuple[str, Document]]:
        """Every document of every collection, with the name of its collection."""
        for collection in self._db.handle.list_collection_names():
            for row in self._db[collection].find():
                yield collection, row
