"""The use cases of operating: migrations, backup, restore, and the check that keys and store belong together."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from api.cases.serials.store import SerialStore
from api.identity.sealing.blind import IndexKeysBroken
from api.identity.sealing.keyring import Keyring
from api.operations.archive import Archive, ArchiveBroken, ArchiveWriter, Manifest, digest_of
from api.operations.migration import MigrationFailed, MigrationStep, Shape
from api.operations.store import LEFT_OUT, OperationsStore
from api.refusals import CannotStart
from notifications.store import NoticeStore

WAIT_SECONDS = 180.0
LOOK_SECONDS = 0.2
FOLLOW_EVERY = timedelta(seconds=5)


class RestoreRefused(CannotStart):
    """A restore would overwrite data, or the store is in use."""


class RestoreUnfinished(CannotStart):
    """A restore was interrupted, so the store is incomplete."""


class KeysWrong(CannotStart):
    """The store was sealed with other keys than those in CIRCLE_KEYS."""


class Migrations:
    """Migrates the documents of every collection to the version that this release writes."""

    def __init__(self, store: OperationsStore, *, shape: Shape, now: Callable[[], datetime]) -> None:
        self._store, self._shape, self._now = store, shape, now

    def run(self) -> list[str]:
        """Run the pending migrations; returns a line per change. Idempotent, also if several processes run it at once.

        Raises NewerStore, RestoreUnfinished or MigrationFailed.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            if self._done():
                return []
            lease = self._store.lease_schema(self._now())
            if lease is not None:
                return self._under(lease)
            if time.monotonic() > deadline:
                raise MigrationFailed("Another process has been bringing the store forward for minutes. See its log.")
            time.sleep(LOOK_SECONDS)

    def _done(self) -> bool:
        if self._store.restoring():
            raise RestoreUnfinished(
                "A restore into this store was cut off, so it is not whole. Run it again: circle restore FILE --force"
            )
        row = self._store.row("schema") or {"versions": {}, "settled": False}
        self._shape.require_readable(row["versions"])
        return bool(row["settled"] and row["versions"] == self._shape.versions)

    def _under(self, lease: dict[str, Any]) -> list[str]:
        settled = False
        done: dict[str, Any] = {}
        try:
            lines = [line for step in self._shape.steps for line in self._expand(step, lease)]
            done = {"versions": self._shape.versions, "release": self._shape.release}
            if self._store.others(self._now(), self._shape.release):
                return [*lines, "Old fields stay until the last process of an older release has ended."]
            lines += [line for step in self._shape.steps for line in self._contract(step)]
            settled = True
            return lines
        finally:
            self._store.end_schema(lease, self._now(), settled=settled, **done)

    def _expand(self, step: MigrationStep, lease: dict[str, Any]) -> list[str]:
        count = 0
        while expanded := sum(self._expand_batch(step, lease, rows) for rows in self._store.behind(step)):
            count += expanded
        return [f"{step.collection}: {count} documents brought to version {step.to}"] if count else []

    def _expand_batch(self, step: MigrationStep, lease: dict[str, Any], rows: list[dict[str, Any]]) -> int:
        if not self._store.renew_schema(lease, self._now()):
            raise MigrationFailed("Another process took over bringing the store forward. Look at its log.")
        self._store.expand(step, {row["_id"]: self._fields(step, row) for row in rows})
        return len(rows)

    @staticmethod
    def _fields(step: MigrationStep, row: dict[str, Any]) -> dict[str, Any]:
        try:
            return step.expand(row)
        except Exception as error:
            raise MigrationFailed(
                f"{step.collection}/{row['_id']} cannot be brought to version {step.to} ({type(error).__name__}). "
                "What was done stays done; start again once the document is mended."
            ) from error

    def _contract(self, step: MigrationStep) -> list[str]:
        with self._store.patiently():
            count = self._store.contract(step)
        return [f"{step.collection}: {', '.join(step.drop)} taken away from {count} documents"] if count else []


class KeyFloor:
    """The stage of the index keys that everything is looked up by, as the store says and every process follows."""

    def __init__(self, store: OperationsStore, keyring: Keyring) -> None:
        self._store, self._keyring = store, keyring
        self._looked_at = datetime.min.replace(tzinfo=UTC)

    def move(self, stage: int) -> None:
        """Have every process look up by the indexes at this stage, within FOLLOW_EVERY and the time of a step."""
        self._keyring.raise_floor(stage)
        self._store.set_row("keys", mark=self._keyring.index("installation", "keys"), floor=stage)

    def follow(self, now: datetime) -> bool:
        """A step of the worker: take over the stage that the store says, looked at once per FOLLOW_EVERY."""
        if now - self._looked_at >= FOLLOW_EVERY:
            self._looked_at = now
            stage = (self._store.row("keys") or {}).get("floor", 1)
            if stage != self._keyring.floor:
                self._keyring.raise_floor(stage)
        return False


def open_keys(store: OperationsStore, folder: Path) -> Keyring:
    """Open the keyring, creating it if both keys and store are new. Raises KeysWrong if the store has other keys."""
    if store.row("keys") and not list(folder.glob("seal-*.key")):
        raise KeysWrong(
            f"The store is sealed, and its keys are not in {folder}. Put back the folder CIRCLE_KEYS that you keep "
            "apart from the backups; without it nobody can read personal data again."
        )
    try:
        keyring = Keyring.open(folder)
    except (ValueError, FileNotFoundError) as error:
        raise KeysWrong(f"CIRCLE_KEYS is not whole: {error}. Put back your copy of it.") from None
    require_keys(store, keyring)
    return keyring


def require_keys(store: OperationsStore, keyring: Keyring) -> None:
    """Raises KeysWrong if the store was sealed with other keys; a new store records these."""
    known = store.row("keys")
    try:
        keyring.raise_floor((known or {}).get("floor", 1))
    except IndexKeysBroken as error:
        raise KeysWrong(f"CIRCLE_KEYS is not whole: {error}. Put back your copy of it.") from None
    mark = keyring.index("installation", "keys")
    if known is None:
        store.set_row("keys", mark=mark)
    elif known["mark"] != mark:
        raise KeysWrong(
            "The store was sealed with other keys than those in CIRCLE_KEYS. "
            "Put back the keys that belong to it, or set CIRCLE_KEYS to their folder."
        )


def back_up(
    store: OperationsStore, networks: Path, target: Path, *, keyring: Keyring, release: str, now: datetime
) -> Manifest:
    """Write a consistent snapshot into the new file `target`; returns its manifest. ArchiveBroken if it exists."""
    writer = ArchiveWriter(target, keyring)
    try:
        with store.one_moment() as session:
            for name in store.collections():
                writer.add_collection(name, store.documents(name, session))
        for folder in sorted(path.parent for path in networks.glob("*/generation.json")):
            writer.add_folder(folder.name, folder)
        schema = store.row("schema") or {"versions": {}}
        about = {"release": release, "made_at": now.isoformat(), "versions": schema["versions"]}
        return writer.finish(about)
    except BaseException:
        writer.give_up()
        raise


def restore(
    store: OperationsStore,
    networks: Path,
    source: Path,
    *,
    keyring: Keyring | None,
    shape: Shape,
    now: datetime,
    anyway: bool = False,
) -> Manifest:
    """Restore a backup into an empty store and verify the result; returns its manifest.

    Log-ins, codes and all else in LEFT_OUT is not restored: whoever was logged in must log in again. Numbers of cases
    and documents go on so that none which was given out since the backup is given again (api/cases/serials/).
    An SMS that waited in the backup is looked up at the provider's before it is sent.
    `keyring` has the keys that the backup was made under; `anyway` as in Archive.

    Raises NewerStore or RestoreRefused, or ArchiveBroken for a damaged file, before anything is changed. If the result
    differs from the backup it raises ArchiveBroken too, and the store stays marked as incomplete.
    """
    archive = Archive(source, keyring, anyway=anyway)
    try:
        shape.require_readable(archive.manifest["versions"])
        if not store.empty():
            raise RestoreRefused(
                "The store is not empty. Restore into an empty one (another CIRCLE_VAR, or another MONGODB_DATABASE), "
                "or say --force to lose what is in it now."
            )
        with store.patiently():
            store.begin_restore(now)
            _put_collections(store, archive)
            _put_networks(archive, networks)
            SerialStore(store.database).note_restore(now)
            NoticeStore(store.database).doubt_unsent(now)
            store.end_restore()
        return archive.manifest
    finally:
        archive.close()


def make_room(
    store: OperationsStore, source: Path, now: datetime, *, keyring: Keyring | None, anyway: bool = False
) -> None:
    """Empty the store for a restore from `source`, which is verified first. Raises ArchiveBroken, RestoreRefused."""
    Archive(source, keyring, anyway=anyway).close()
    if store.processes(now):
        raise RestoreRefused("Other processes run on this store. Stop them all first, then wait 20 seconds.")
    store.clear()


def _put_collections(store: OperationsStore, archive: Archive) -> None:
    """Restore every collection but those in LEFT_OUT, and compare with the archive. Raises ArchiveBroken."""
    names = [name for name in archive.collections() if name not in LEFT_OUT]
    for name in names:
        try:
            store.put(name, archive.documents(name))
        except ValueError as error:
            words = f"The store does not take what the backup has in {name}: {error}. Use another copy, with --force."
            raise ArchiveBroken(words) from None
    differ = [name for name in names if digest_of(store.documents(name)) != archive.sha256(name)]
    if differ:
        raise ArchiveBroken(f"What arrived is not what was sent: {', '.join(differ)}. Restore again with --force.")


def _put_networks(archive: Archive, networks: Path) -> None:
    """Restore the files of the street networks; existing ones are kept, since generations never change."""
    for name, content in archive.files():
        path = networks.parent / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)
