"""The chat's faces as a gevent process of its own, as they run in earnest.

    python -m tests.chat.served MONGODB_URI DATABASE [REDIS_URL]

Prints one line of JSON, {base, citizen, other, officer}: the address and three tokens, the same in every process.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402

from gevent.pywsgi import WSGIServer  # noqa: E402

from api.database import Database  # noqa: E402
from tests.chat.office import Office, site, utc_now  # noqa: E402


def main(uri: str, name: str, redis_url: str | None = None) -> None:
    """Serve until killed."""
    office = Office()
    made = {"citizen": office.citizen(), "other": office.citizen("李四"), "officer": office.officer()}
    people = {who: replace(one, id=f"{who}-id", token=f"{who}-token") for who, one in made.items()}
    office.people = {one.token: one for one in people.values()}
    app, _ = site(Database(uri, name), office, utc_now, "gevent", redis_url)
    server = WSGIServer(("127.0.0.1", 0), app, log=None)
    server.start()
    told = {"base": f"http://127.0.0.1:{server.server_port}", **{who: one.token for who, one in people.items()}}
    print(json.dumps(told), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
