"""Notices to people: their text, their delivery by inbox and SMS, and whether they arrived.

`Notifications` is the assembled package. `api/office.py` builds it; other rooms call `tell`, the worker calls `steps`.
"""

from collections.abc import Callable
from datetime import datetime

from notifications.channels import Callbacks, Channel
from notifications.channels.console import ConsoleSms
from notifications.channels.in_app import InApp, Push
from notifications.channels.twilio_sms import TwilioSms
from notifications.delivery import Outbox
from notifications.notice import AddressOf, CasePlace, Digest, LanguageOf, Look, Record, Seal
from notifications.refusals import Refusal
from notifications.routes import blueprint
from notifications.service import Notices, ScopeOf
from notifications.store import INDEXES, SEALED, UPGRADES, NoticeStore, Store

__all__ = [
    "INDEXES",
    "SEALED",
    "UPGRADES",
    "CasePlace",
    "ConsoleSms",
    "Notifications",
    "Refusal",
    "TwilioSms",
    "blueprint",
]


class Notifications(Notices):
    """The use cases on one database; `steps` are the outbox's, for the worker to call, and `give_back` for its end."""

    def __init__(
        self,
        database: Store,
        *,
        seal: Seal,
        open_sealed: Seal,
        address_of: AddressOf,
        language_of: LanguageOf,
        sms: Channel,
        now: Callable[[], datetime],
        push: Push,
        record: Record,
        look: Look,
        scope_of: ScopeOf,
        digest: Digest,
    ) -> None:
        store = NoticeStore(database)
        callbacks = {sms.provider: sms} if isinstance(sms, Callbacks) else {}
        channels: dict[str, Channel] = {"in_app": InApp(push), "sms": sms}
        super().__init__(
            store, seal, open_sealed, address_of, now, callbacks, record, look, scope_of, digest, language_of
        )
        self._outbox = Outbox(store, channels, callbacks, address_of, open_sealed, digest)
        self.step, self.steps = self._outbox.step, self._outbox.steps
        self.give_back = self._outbox.give_back
