"""The chat's faces as a gevent process of its own, as they run in earnest.

    python -m tests.chat.served MONGODB_URI DATABASE

Prints one line of JSON, {base, citizen, other, officer}: the address and three tokens.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402

from gevent.pywsgi import WSGIServer  # noqa: E402

from api.database import Database  # noqa: E402
from tests.chat.office import Office, site, utc_now  # noqa: E402


def main(uri: str, name: str) -> None:
    """Serve until killed."""
    office = Office()
    people = {"citizen": office.citizen(), "other": office.citizen("李四"), "officer": office.officer()}
    app, _ = site(Database(uri, name), office, utc_now, "gevent")
    server = WSGIServer(("127.0.0.1", 0), app, log=None)
    server.start()
    told = {"base": f"http://127.0.0.1:{server.server_port}", **{who: one.token for who, one in people.items()}}
    print(json.dumps(told), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
