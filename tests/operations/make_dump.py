"""Make the dump of this release: `python -m tests.operations.make_dump` tells a whole story and backs it up.

It writes tests/data/dumps/<release>/: `store.backup.gz`, the keys that it was sealed with (test keys, made for it
alone), and `told.json`, what a later release must still read from it. Once a release is out its dump never changes.
"""

import gzip
import json
import shutil
import tempfile
from pathlib import Path

from api import release
from api.app import create_app
from api.identity.sealing.keyring import Keyring
from api.operations.service import back_up, require_keys
from api.operations.store import OperationsStore
from api.settings import read
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from tests.conftest import PASSWORD, Clock, SmsBox
from tests.operations import story

DUMPS = Path(__file__).parents[1] / "data" / "dumps"


def main() -> None:
    """Replace the dump of this release."""
    folder = DUMPS / release()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as var:
        store = EmbeddedStore(Path(var))
        database = Database(store.start(), "dump")
        told, keyring = _tell(database, folder / "test-keys", Path(var))
        plain = Path(var) / "store.backup"
        back_up(OperationsStore(database), Path(var), plain, keyring=keyring, release=release(), now=Clock()())
        (folder / "store.backup.gz").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        (folder / "told.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        database.close()
        store.stop()
    print(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())} bytes")


def _tell(database: Database, keys: Path, var: Path) -> tuple[dict[str, object], Keyring]:
    keyring, sent = Keyring.open(keys), SmsBox()
    require_keys(OperationsStore(database), keyring)
    settings = read({"CIRCLE_VAR": str(var / "var"), "CIRCLE_KEYS": str(keys)})
    app = create_app(settings, database=database, keyring=keyring, now=Clock(), console=sent)
    office = app.extensions["circle"]
    for role in story.STAFF:
        office.identity.seed_staff(role, PASSWORD, role, {role}, "XC-H01", "SPJ")
    window, handler = (story.officer(app, role, PASSWORD) for role in story.STAFF)
    told = story.told(story.citizen(app, sent), window, handler, office.worker.drain)
    office.stop()
    return told, keyring


if __name__ == "__main__":
    main()
