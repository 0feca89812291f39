"""The inbox of our own pages: a notice lies there from the moment it is written; whoever is connected hears of it."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from notifications.channels import Message, Report

log = logging.getLogger("circle.notices")

Push = Callable[[str, Mapping[str, Any]], None]
"""A word to whoever is connected as this member; it may reach nobody."""


class InApp:
    """Delivered by being there; the word to the open page is a courtesy and may be lost."""

    provider = "in_app"
    outward = False

    def __init__(self, push: Push) -> None:
        self._push = push

    def submit(self, message: Message) -> Report:
        """Say so to the recipient's open pages."""
        word = {"id": message.notice, "kind": message.template, "title": message.title, "text": message.text}
        try:
            self._push(message.recipient, {**word, "link": message.link})
        except Exception:
            log.exception("a word to the open pages was lost", extra={"notice": message.notice})
        return Report("delivered", ref=message.delivery)

    def find(self, message: Message, since: datetime) -> list[Report]:
        """It lies in the inbox."""
        return [Report("delivered", ref=message.delivery)]
