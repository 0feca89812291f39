"""`circle` in a town with a time of its own: it begins on Tuesday, 24 November 2026, 10:00, and a test moves it on.

    python -m tests.browser.dated serve

The file `ahead` beside CIRCLE_VAR says by how many days; a head of the department is seeded beside the other staff.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gevent import monkey

monkey.patch_all()

import pytest  # noqa: E402

import api.times  # noqa: E402
from tests.lasting import nothing_expires  # noqa: E402

BEGINS = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
STARTED = datetime.now(UTC)
AHEAD = Path(os.environ["CIRCLE_VAR"]).parent / "ahead"


def town_time() -> datetime:
    """The present of the town, to the millisecond."""
    days = int(AHEAD.read_text()) if AHEAD.exists() else 0
    now = BEGINS + (datetime.now(UTC) - STARTED) + timedelta(days=days)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


if __name__ == "__main__":
    api.times.utc_now = town_time
    nothing_expires(pytest.MonkeyPatch())
    import api.server

    api.server.FIRST_STAFF = (*api.server.FIRST_STAFF, ("head", "孙主任"))
    from api.cli import main

    main()
