"""The use cases of files: receive uploads (tus), check and encrypt them, sign addresses, remove unused ones."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from uuid6 import uuid7

from api.audit.service import Audit
from api.files import file as rules
from api.files import run_check
from api.files.clamd import NoVerdict, ScannerDown
from api.files.envelope import FRAME_BYTES, Envelope, new_key
from api.files.ports import FilesPorts
from api.files.store import FileStore
from api.identity.actor import Actor
from api.identity.sealing.keyring import Keyring
from api.jobs.job import Enqueue, NotYet
from api.refusals import BadFields, NotFound
from api.times import BEIJING

log = logging.getLogger("circle.files")

Row = dict[str, Any]
WHOLE, THUMB = "content", "thumb"
CHECK = "files.check"
"""The kind of job that checks an upload."""


class Files:
    """Uploads and files. An upload belongs to its owner; reading a file is audited for staff."""

    def __init__(
        self,
        store: FileStore,
        *,
        keyring: Keyring,
        audit: Audit,
        enqueue: Enqueue,
        hasten: Callable[[str, str], None],
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
        ports: FilesPorts,
    ) -> None:
        self._store, self._ports = store, ports
        self._transact, self._now = transact, now
        self._keys, self._audit = keyring, audit
        self._enqueue, self._hasten = enqueue, hasten

    # -- receiving: tus 1.0 -------------------------------------------------

    def begin(self, actor: Actor, length: int, metadata_header: str, new_id: str) -> Row:
        """Create an upload of `length` bytes (tus creation).

        Raises TooLarge, TooManyToday, TooManyUnchecked, BadFields.
        """
        if length > rules.MOST_BYTES:
            raise rules.TooLarge
        if length < 1:
            raise BadFields({"Upload-Length": ["文件是空的。"]})
        try:
            metadata = rules.metadata(metadata_header)
        except ValueError:
            raise BadFields({"Upload-Metadata": ["格式不对。"]}) from None
        if self._store.unchecked(actor.id, rules.MOST_UNCHECKED) >= rules.MOST_UNCHECKED:
            raise rules.TooManyUnchecked(retry_after=30)
        self._count_day(actor.id, length)
        expires_at = self._now() + rules.KEPT_UNFINISHED
        row = {
            "_id": new_id,
            "v": 1,
            "owner": actor.id,
            "name": self._keys.seal(new_id, "name", rules.safe_name(metadata.get("filename", "file"))),
            "key": self._keys.seal_bytes(new_id, "key", new_key()),
            "size": length,
            "received": 0,
            "parts": [],
            "state": "receiving",
            "type": None,
            "why": None,
            "tries": 0,
            "created_at": self._now(),
            "received_at": None,
            "expires_at": expires_at,
            "look_at": expires_at,
        }
        self._store.add(row)
        return self._face(row)

    def receive(
        self, actor: Actor, upload_id: str, offset: int, pieces: Iterable[bytes], checksum: rules.Checksum | None
    ) -> Row:
        """Append bytes at `offset`. If interrupted, what arrived is kept; with a checksum it is all or nothing.

        Raises OffsetWrong, TooLarge, TooManyParts, ChecksumWrong, UploadGone.
        """
        row = self._own(actor, upload_id)
        if row["received"] != offset or row["state"] != "receiving":
            raise rules.OffsetWrong
        if len(row["parts"]) >= rules.MOST_PARTS:
            raise rules.TooManyParts
        if checksum:
            self._take_checked(row, checksum.check(pieces))
        else:
            for piece in rules.in_parts(pieces):
                offset = self._count(row, offset, [self._write(row, offset, piece)])
        return self._face(self._own(actor, upload_id))

    def _take_checked(self, row: Row, pieces: Iterable[bytes]) -> None:
        """Write all parts; they are counted together, once the checksum agrees."""
        written: list[Row] = []
        at = row["received"]
        try:
            for piece in rules.in_parts(pieces):
                written.append(self._write(row, at, piece))
                at += len(piece)
        except Exception:
            for part in written:
                self._store.drop_part(part["id"])
            raise
        if written:
            self._count(row, row["received"], written)

    def _write(self, row: Row, offset: int, part: bytes) -> Row:
        if offset + len(part) > row["size"]:
            raise rules.TooLarge
        sealed = self._envelope(row).seal(f"part{offset}", part)
        return {"id": self._store.add_part(row["_id"], sealed), "offset": offset, "size": len(part)}

    def _count(self, row: Row, offset: int, written: list[Row]) -> int:
        """Let written parts count; returns the new offset. With the last byte, state and job are one transaction."""
        upload_id, now = row["_id"], self._now()
        after = offset + sum(part["size"] for part in written)
        whole = after == row["size"]
        change = {"state": "checking", "received_at": now, "look_at": None} if whole else {}

        def write(session: Any) -> bool:
            counted = self._store.count(upload_id, offset, written, after, change, session)
            if counted and whole:
                is_next = self._store.next_unchecked(row["owner"], session) == upload_id
                due_at = now if is_next else now + rules.WAITS_FOR_OWN
                self._enqueue(f"file:{upload_id}", CHECK, {"upload": upload_id}, due_at=due_at, session=session)
            return counted

        if not (self._transact(write) if whole else write(None)):
            for part in written:
                self._store.drop_part(part["id"])
            raise rules.OffsetWrong
        if whole:
            self._call_next(row["owner"])  # the one before may have ended meanwhile
        return after

    def give_up(self, actor: Actor, upload_id: str) -> None:
        """Remove an upload (tus termination), unless it is used. Raises FileInUse."""
        row = self._own(actor, upload_id)
        if row["state"] == "accepted" and (row.get("of_case") or self._ports.bound(upload_id)):
            raise rules.FileInUse
        if not self._store.drop(row, self._now()):
            self.give_up(actor, upload_id)  # it went on meanwhile: look again
        elif row["state"] == "checking":
            self._call_next(row["owner"])

    def _count_day(self, owner: str, length: int) -> None:
        today = self._now().astimezone(BEIJING)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        most = (rules.MOST_FILES_A_DAY, rules.MOST_BYTES_A_DAY)
        if not self._store.count_day(owner, f"{today:%Y-%m-%d}", length, most, midnight + timedelta(days=1)):
            raise rules.TooManyToday(retry_after=int((midnight - today).total_seconds()) + 1)

    # -- checking: a job ------------------------------------------------------

    def check(self, payload: Row) -> None:
        """Scan and open a complete upload; accept it encrypted, or refuse it with a reason.

        Of one person one upload is checked at a time, in order, so that people take turns. Raises NotYet if an earlier
        one of theirs is not done, or if the scanner does not answer.
        """
        row = self._store.upload(payload["upload"])
        if row is None or row["state"] != "checking":
            self._tidy(payload["upload"])  # an earlier try may have ended between its verdict and this
        elif not row.get("stalled") and self._store.next_unchecked(row["owner"]) != row["_id"]:
            self._call_next(row["owner"])
            raise NotYet(self._now() + rules.WAITS_FOR_OWN)
        else:
            try:
                self._examine(row)
            except NotYet:
                raise
            except Exception:
                self._store.move(row["_id"], "checking", {"stalled": True})
                self._call_next(row["owner"])
                raise
        if row is not None:
            self._call_next(row["owner"])

    def _call_next(self, owner: str) -> None:
        """Make the check of a person's next upload due now."""
        if upload_id := self._store.next_unchecked(owner):
            self._hasten(f"file:{upload_id}", CHECK)

    def _examine(self, row: Row) -> None:
        """Scan an upload, then open it. Raises NotYet while the scanner does not answer; that counts as no try."""
        try:
            threat = self._ports.scan(self._arrived(row)) if self._ports.scan else None
        except ScannerDown as error:
            scans = row.get("scans", 0) + isinstance(error, NoVerdict)
            if scans >= rules.MOST_SCANS:
                self._refuse(row, "unchecked")
                return
            self._store.move(row["_id"], "checking", {"scans": scans})
            log.warning("no scan: the upload waits", extra={"upload": row["_id"], "reason": str(error)})
            raise NotYet(self._now() + rules.SCANNER_PAUSE) from error
        if threat:
            log.warning("scan refused an upload", extra={"upload": row["_id"], "found": threat})
            self._refuse(row, "unsafe")
        elif (begun := self._store.begin_check(row["_id"])) is None:
            self._tidy(row["_id"])
        elif begun["tries"] > rules.MOST_TRIES:
            self._refuse(row, "unchecked")
        else:
            self._open(begun)

    def _open(self, row: Row) -> None:
        prefix = f"{row['_id']}:{uuid7().hex}"  # another worker may be at it too: each try writes under its own name
        arrived = sha256()

        def pieces() -> Iterator[bytes]:
            for piece in self._arrived(row):
                arrived.update(piece)
                yield piece

        def keep(which: str, size: int, content: Iterator[bytes]) -> None:
            frames = self._envelope(row).seal_content(f"{prefix}:{which}", size, content)
            self._store.keep_content(f"{prefix}:{which}", FRAME_BYTES, frames, self._now())

        checked = run_check.check(pieces(), keep)
        if checked.refused:
            self._refuse(row, checked.refused)
        else:
            self._accept(row, checked, prefix, arrived.hexdigest())

    def _accept(self, row: Row, checked: run_check.Checked, prefix: str, arrived: str) -> None:
        sizes = {WHOLE: checked.size} | ({THUMB: checked.thumb} if checked.thumb else {})
        kept: Row = {which: {"id": f"{prefix}:{which}", "size": size} for which, size in sizes.items()}
        change: Row = {
            "state": "accepted",
            "name": self._keys.seal(row["_id"], "name", rules.named_as(self._name(row), checked.type)),
            "type": checked.type,
            "sha256": arrived,
            "scanned_at": self._now() if self._ports.scan else None,
            "facts": checked.facts,
            "kept": kept,
            "parts": [],
            "look_at": self._now() + rules.KEPT_UNBOUND,
        }
        if not self._store.move(row["_id"], "checking", change):  # decided or removed meanwhile
            for each in kept.values():
                self._store.drop_content(each["id"])
        self._tidy(row["_id"])

    def _refuse(self, row: Row, why: str) -> None:
        change = {"state": "refused", "why": why, "parts": [], "look_at": self._now() + rules.KEPT_REFUSED}
        self._store.move(row["_id"], "checking", change)
        self._tidy(row["_id"])

    def _tidy(self, upload_id: str) -> None:
        """Remove the parts of an accepted or refused upload, and the contents of unsuccessful tries."""
        row = self._store.upload(upload_id)
        if row and row["state"] in {"accepted", "refused"}:
            self._store.drop_contents(upload_id, kept=[each["id"] for each in row.get("kept", {}).values()])
            self._store.drop_parts(upload_id)

    def _arrived(self, row: Row) -> Iterator[bytes]:
        """The bytes that arrived, part by part."""
        envelope = self._envelope(row)
        for offset, sealed in self._store.parts(row):
            yield envelope.open(f"part{offset}", sealed)

    # -- retention: a step ------------------------------------------------------

    def sweep(self, now: datetime) -> bool:
        """A step of retention: look at one upload that is due, and return whether there was one.

        An unfinished or refused one is removed; an unused one is marked as leaving, and removed if it is still unused
        LEAVING_FOR later; one that is used is looked at again after KEPT_UNBOUND.
        """
        row = self._store.due(now)
        if row is None:
            return False
        if row["state"] != "accepted":
            self._store.drop(row, self._now())
        elif self._ports.bound(row["_id"]):
            self._store.move(row["_id"], "accepted", {"leaving": False, "look_at": now + rules.KEPT_UNBOUND})
        elif not row.get("leaving"):
            self._store.move(row["_id"], "accepted", {"leaving": True, "look_at": now + rules.LEAVING_FOR})
        else:
            self._store.drop(row, self._now())
        return True

    def free(self, uploads: list[str]) -> None:
        """Have retention look now at uploads that somebody let go of; it removes those that nothing else uses."""
        self._store.free(uploads, self._now())

    def keep(self, session: Any, materials: Mapping[str, Iterable[str]]) -> None:
        """Exempt files from retention, in the transaction of the case that uses them. BadFields if one is gone."""
        uploads = {upload for chosen in materials.values() for upload in chosen}
        if self._store.keep(sorted(uploads), session) != len(uploads):
            raise BadFields({"materials": ["有文件已经被清理，请重新上传。"]})

    # -- reading --------------------------------------------------------------

    def upload(self, actor: Actor, upload_id: str) -> Row:
        """One's own upload and its state."""
        return self._face(self._own(actor, upload_id))

    def mine(self, actor: Actor) -> list[Row]:
        """All of one's own uploads and their states, oldest first."""
        return [self._face(row) for row in self._store.of(actor.id)]

    def forget(self, actor: Actor) -> None:
        """Remove a person's uploads, except those that a case or a conversation uses."""
        for row in self._store.of(actor.id):
            if not (row.get("of_case") or self._ports.bound(row["_id"])):
                self._store.drop(row, self._now())

    def accepted(self, owner: str, upload_id: str) -> Row | None:
        """An accepted file of `owner`, or None. Only such a file may be bound to a draft or sent in a conversation."""
        row = self._store.upload(upload_id)
        fit = row is not None and row["owner"] == owner and row["state"] == "accepted" and not row.get("leaving")
        return self._described(row) if row and fit else None

    def describe(self, upload_id: str) -> Row:
        """Id, name, type and size of a file; the caller has checked access. Raises NotFound."""
        row = self._store.upload(upload_id)
        if row is None:
            raise NotFound
        return self._described(row)

    def address(self, actor: Actor, upload_id: str, size: str = WHOLE) -> Row:
        """A signed address of five minutes, of the file or its `thumb`. Staff reading a citizen's file is audited."""
        row = self._store.upload(upload_id)
        if row is None or row["state"] != "accepted" or size not in row["kept"]:
            raise NotFound
        own = actor.id == row["owner"] and not (actor.is_staff and row.get("of_case"))  # then it is the applicant's
        if not (own or self._ports.in_case(actor, upload_id) or self._ports.shared(actor, upload_id)):
            raise NotFound(subject=f"file:{upload_id}")
        if not own:
            self._audit.record(actor.id, "read_file", f"file:{upload_id}")
        ends_at = self._now() + rules.ADDRESS_FOR
        until = int(ends_at.timestamp())
        url = f"/v1/files/{upload_id}/content?until={until}&size={size}&sig={self._sign(upload_id, size, until)}"
        return {**self._described(row, size), "url": url, "expires_at": ends_at}

    def content(self, upload_id: str, size: str, until: int, signature: str) -> tuple[Row, Iterator[bytes]]:
        """The content behind a signed address, piece by piece. Raises AddressBad."""
        genuine = compare_digest(signature.encode(), self._sign(upload_id, size, until).encode())
        if not genuine or until < self._now().timestamp():
            raise rules.AddressBad
        row = self._store.upload(upload_id)
        if row is None or row["state"] != "accepted" or size not in row["kept"]:
            raise NotFound
        kept = row["kept"][size]
        frames = self._store.content(kept["id"])
        return self._described(row, size), self._envelope(row).open_content(kept["id"], kept["size"], frames)

    # -- inside ---------------------------------------------------------------

    def _sign(self, upload_id: str, size: str, until: int) -> str:
        return self._keys.sign(f"file:{upload_id}:{size}:{until}")

    def _own(self, actor: Actor, upload_id: str) -> Row:
        """One's own upload. Raises NotFound, or UploadGone for one that was not finished in time, which is removed."""
        row = self._store.upload(upload_id)
        if row is None or row["owner"] != actor.id or row["state"] == "removed" or row.get("leaving"):
            raise NotFound(subject=f"file:{upload_id}" if row and row["owner"] != actor.id else "")
        if rules.ended(row["state"], row["expires_at"], self._now()):
            self._store.drop(row, self._now())
            raise rules.UploadGone
        return row

    def _envelope(self, row: Row) -> Envelope:
        return Envelope(row["_id"], self._keys.open_bytes(row["_id"], "key", bytes(row["key"])))

    def _name(self, row: Row) -> str:
        return self._keys.open_sealed(row["_id"], "name", row["name"])

    def _described(self, row: Row, size: str = WHOLE) -> Row:
        """A file as stored; its type and size may differ from the upload's."""
        kind = "image/jpeg" if size == THUMB else row["type"]
        facts = {"size": row.get("kept", {}).get(size, row)["size"], "scanned_at": row.get("scanned_at")}
        return {"id": row["_id"], "name": self._name(row), "type": kind, **facts}

    def _face(self, row: Row) -> Row:
        plain = ("size", "received", "state", "type", "expires_at", "received_at")
        words = {"code": row["why"], "why": rules.UNFIT[row["why"]] if row["why"] else None}
        return {"id": row["_id"], "name": self._name(row), **{key: row[key] for key in plain}, **words}
