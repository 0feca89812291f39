"""The inbox of our own pages as a channel: a notice lies there once it is stored; open pages are sent it too.

That it lies there reaches nobody: whether it was displayed, the page says (`POST /v1/notices/shown`, or `…/read`).
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from notifications.channels import Message, Report

log = logging.getLogger("circle.notices")

Push = Callable[[str, Mapping[str, Any]], None]
"""(`<kind>:<id>` of a member, payload): send it to the member's connections, of which there may be none."""


class InApp:
    """The inbox: a stored notice counts as accepted; what is sent to open pages may be lost."""

    provider = "in_app"
    outward = False

    def __init__(self, push: Push) -> None:
        self._push = push

    def submit(self, message: Message) -> Report:
        """Send it to the recipient's open pages; a failure is logged only."""
        word = {"id": message.notice, "kind": message.template, "title": message.title, "text": message.text}
        try:
            self._push(message.recipient, {**word, "link": message.link})
        except Exception:
            log.exception("a word to the open pages was lost", extra={"notice": message.notice})
        return Report("accepted", ref=message.delivery)

    def find(self, message: Message, since: datetime) -> list[Report]:
        """Always one report `accepted`, since it lies in the inbox."""
        return [Report("accepted", ref=message.delivery)]
