"""The keys by which a device seals what a person typed and has not sent yet.

One for each day, bound to the account: the device keeps ciphertext alone, and only a log-in of that account gets the
keys. None is given for a day that lies further back, so what a lost or shared phone still holds can then be opened by
nobody, whatever its clock says.
"""

import base64
from datetime import datetime, timedelta
from typing import Any

from api.identity.sealing.keyring import Keyring
from api.times import BEIJING

DAYS = 3
"""Today, and two days before it: words are kept for 24 hours, and a page may have got its key the day before it uses
it."""


def keys_of(keyring: Keyring, person: str, now: datetime) -> list[dict[str, Any]]:
    """The keys of an account (its id) by day in Beijing, the newest first: `{day, key}`, 32 bytes as base64."""
    today = now.astimezone(BEIJING).date()
    days = [today - timedelta(days=back) for back in range(DAYS)]
    keys = [keyring.derived_key("typed", f"{person}:{day.isoformat()}") for day in days]
    return [{"day": day, "key": base64.b64encode(key).decode()} for day, key in zip(days, keys, strict=True)]
