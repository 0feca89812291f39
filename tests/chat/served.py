"""The chat's faces as a gevent process of its own, as they run in earnest.

    python -m tests.chat.served MONGODB_URI DATABASE [REDIS_URL] [--port N] [--citizens N] [--officers N]

Prints one line of JSON, {base, citizen, other, officer}: the address and three tokens, the same in every process.
With numbers there are `citizen-<n>-token` and `officer-<n>-token` besides.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import tempfile  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

from api.identity.sealing.keyring import KEY_BYTES, Keyring  # noqa: E402
from api.server import BoundedServer, settle_memory, start_undelayed  # noqa: E402
from api.storage.database import Database  # noqa: E402
from tests.chat.office import Actor, Office, site, utc_now  # noqa: E402


def people(office: Office, citizens: int, officers: int) -> dict[str, Actor]:
    """Everybody by name, the same in every process."""
    made = {"citizen": office.citizen(), "other": office.citizen("李四"), "officer": office.officer()}
    made |= {f"citizen-{n}": office.citizen(f"群众{n}") for n in range(citizens)}
    made |= {f"officer-{n}": office.officer(f"窗口{n}") for n in range(officers)}
    return {
        who: replace(one, id=f"{who}-id", token=f"{who}-token", session=f"{who}-session") for who, one in made.items()
    }


def keyring() -> Keyring:
    """Keys as they are in earnest, but the same in every process."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("index.key", "seal-1.key"):
            (Path(folder) / name).write_text("00" * KEY_BYTES)
        keys = Keyring(Path(folder))
    keys._followed = lambda: keys._keys
    return keys


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("uri", "database"):
        parser.add_argument(name)
    parser.add_argument("redis_url", nargs="?")
    for name in ("--port", "--citizens", "--officers"):
        parser.add_argument(name, type=int, default=0)
    told = parser.parse_args()
    office = Office(keyring=keyring())
    known = people(office, told.citizens, told.officers)
    office.people = {one.token: one for one in known.values()}
    app, _ = site(Database(told.uri, told.database), office, utc_now, "gevent", told.redis_url)
    server = BoundedServer(("127.0.0.1", told.port), app, spares=lambda peer: True)
    settle_memory()
    start_undelayed(server)
    three = {who: known[who].token for who in ("citizen", "other", "officer")}
    print(json.dumps({"base": f"http://127.0.0.1:{server.server_port}", **three}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
