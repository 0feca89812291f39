"""Receive (tus), check, seal, hand out by signed address."""

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Protocol

from api.audit.service import Audit
from api.files import file as rules
from api.files.store import FileStore
from api.identity.identity import Actor
from api.identity.sealing import Keyring
from api.refusals import BadFields, NotFound

Row = dict[str, Any]


class Enqueue(Protocol):
    """Leave a job for the worker."""

    def __call__(self, key: str, kind: str, payload: Row, *, due_at: datetime, session: Any) -> None: ...


class Files:
    """Uploads and files. An upload is its owner's; staff may read it, and that is audited."""

    def __init__(
        self,
        store: FileStore,
        keyring: Keyring,
        audit: Audit,
        enqueue: Enqueue,
        transact: Callable[[Callable[[Any], Any]], Any],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._transact = transact
        self._keys = keyring
        self._audit = audit
        self._enqueue = enqueue
        self._now = now
        self.shared: Callable[[Actor, str], bool] = lambda actor, upload: False

    # -- receiving: tus 1.0 -------------------------------------------------

    def begin(self, actor: Actor, length: int, metadata_header: str, new_id: str) -> str:
        """Announce an upload of `length` bytes and give its id."""
        if length > rules.MOST_BYTES:
            raise rules.TooLarge
        if length < 1:
            raise BadFields({"Upload-Length": ["文件是空的。"]})
        try:
            told = rules.metadata(metadata_header)
        except ValueError:
            raise BadFields({"Upload-Metadata": ["格式不对。"]}) from None
        self._store.add(
            {
                "_id": new_id,
                "v": 1,
                "owner": actor.id,
                "name": self._keys.seal(new_id, "name", rules.safe_name(told.get("filename", "file"))),
                "size": length,
                "received": 0,
                "parts": [],
                "state": "receiving",
                "type": None,
                "why": None,
                "created_at": self._now(),
            }
        )
        return new_id

    def receive(self, actor: Actor, upload_id: str, offset: int, pieces: Iterable[bytes]) -> int:
        """Take bytes from `offset` on, part by part, and give the new offset. What came before a cut is kept."""
        row = self._own(actor, upload_id)
        if row["received"] != offset or row["state"] != "receiving":
            raise rules.OffsetWrong
        for part in rules.in_parts(pieces):
            if offset + len(part) > row["size"]:
                raise rules.TooLarge
            self._take(upload_id, offset, part)
            offset += len(part)
        if offset == row["size"]:
            self._complete(upload_id)
        return offset

    def _take(self, upload_id: str, offset: int, part: bytes) -> None:
        sealed = self._keys.seal_bytes(upload_id, f"part{offset}", part)
        delete_at = self._now() + rules.KEPT_UNFINISHED
        if not self._store.add_part(upload_id, offset, sealed, len(part), delete_at):
            raise rules.OffsetWrong

    def _complete(self, upload_id: str) -> None:
        def write(session: Any) -> None:
            if self._store.move(upload_id, "receiving", {"state": "checking"}, session):
                job = {"upload": upload_id}
                self._enqueue(f"file:{upload_id}", "files.check", job, due_at=self._now(), session=session)

        self._transact(write)

    def give_up(self, actor: Actor, upload_id: str) -> None:
        """Drop an upload that is not complete (tus termination)."""
        row = self._own(actor, upload_id)
        if row["state"] == "receiving":
            self._store.drop(upload_id)

    # -- checking: a job ------------------------------------------------------

    def check(self, payload: Row) -> None:
        """Assemble a complete upload, look at what it is, seal and keep it or refuse it in words."""
        upload_id = payload["upload"]
        row = self._store.upload(upload_id)
        if row is None or row["state"] != "checking":
            return
        plain = b"".join(
            self._keys.open_bytes(upload_id, f"part{offset}", sealed) for offset, sealed in self._store.parts(row)
        )
        kind = rules.kind_of(plain)
        if kind is None:
            why = "只收 JPG、PNG 图片和 PDF 文件，请换一种格式。"
            self._store.move(upload_id, "checking", {"state": "refused", "why": why, "parts": []})
        else:
            self._store.keep_content(upload_id, self._keys.seal_bytes(upload_id, "content", plain))
            done = {"state": "accepted", "type": kind, "sha256": sha256(plain).hexdigest(), "parts": []}
            self._store.move(upload_id, "checking", done)
        self._store.drop_parts(upload_id)

    # -- reading --------------------------------------------------------------

    def upload(self, actor: Actor, upload_id: str) -> Row:
        """One's own upload and its state. One whose last byte came just before a crash is completed here."""
        row = self._own(actor, upload_id)
        if row["state"] == "receiving" and row["received"] == row["size"]:
            self._complete(upload_id)
            row = self._own(actor, upload_id)
        return self._face(row)

    def accepted(self, owner: str, upload_id: str) -> Row | None:
        """An accepted file of `owner`, or None: what may be bound to a draft or sent in a talk."""
        row = self._store.upload(upload_id)
        return self._face(row) if row and row["owner"] == owner and row["state"] == "accepted" else None

    def describe(self, upload_id: str) -> Row:
        """Id, name, type and size of a file, for those who were let see what it belongs to."""
        row = self._store.upload(upload_id)
        if row is None:
            raise NotFound
        face = self._face(row)
        return {key: face[key] for key in ("id", "name", "type", "size")}

    def address(self, actor: Actor, upload_id: str) -> Row:
        """A signed address of five minutes. Staff reading a citizen's file is audited."""
        row = self._store.upload(upload_id)
        if row is None or row["state"] != "accepted":
            raise NotFound
        if not (actor.is_staff or actor.id == row["owner"] or self.shared(actor, upload_id)):
            raise NotFound
        if actor.id != row["owner"]:
            self._audit.record(actor.id, "read_file", f"file:{upload_id}")
        ends_at = self._now() + rules.ADDRESS_FOR
        until = int(ends_at.timestamp())
        url = f"/v1/files/{upload_id}/content?until={until}&sig={self._sign(upload_id, until)}"
        return {**self.describe(upload_id), "url": url, "expires_at": ends_at}

    def content(self, upload_id: str, until: int, signature: str) -> tuple[Row, bytes]:
        """What is behind a signed address. Raises AddressBad."""
        genuine = compare_digest(signature.encode(), self._sign(upload_id, until).encode())
        if not genuine or until < self._now().timestamp():
            raise rules.AddressBad
        sealed = self._store.content(upload_id)
        if sealed is None:
            raise NotFound
        return self.describe(upload_id), self._keys.open_bytes(upload_id, "content", sealed)

    # -- inside ---------------------------------------------------------------

    def _sign(self, upload_id: str, until: int) -> str:
        return self._keys.sign(f"file:{upload_id}:{until}")

    def _own(self, actor: Actor, upload_id: str) -> Row:
        row = self._store.upload(upload_id)
        if row is None or row["owner"] != actor.id:
            raise NotFound
        return row

    def _face(self, row: Row) -> Row:
        return {
            "id": row["_id"],
            "name": self._keys.open_sealed(row["_id"], "name", row["name"]),
            "size": row["size"],
            "received": row["received"],
            "state": row["state"],
            "type": row["type"],
            "why": row["why"],
        }
