"""A small house around the package: a real store, real seals, people with phones, channels that obey."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.identity.sealing.keyring import Keyring
from api.storage.database import Database
from notifications import INDEXES, Notifications
from notifications.channels import Call, Fault, Message, Remedy, Report
from notifications.channels.twilio_sms import TwilioSms
from notifications.delivery import Outbox
from notifications.kind import KINDS
from notifications.store import NoticeStore

from .fake_twilio import ACCOUNT, SERVICE, TOKEN, FakeTwilio

PUBLIC_BASE = "https://circle.example"
FAULTS = {
    "30003": Fault(Remedy.AGAIN, timedelta(minutes=30), most=3),
    "30002": Fault(Remedy.STOP, timedelta(minutes=5), most=3),
}
FIRST_KEY, NUMBER = "case:1:accepted", "XC20261124001"
PATIENCE = KINDS["case_accepted"].steps[0].patience
PHONES = {"citizen:zhang": "+8613800138000", "citizen:li": "+8613900139000", "login:1": "+8613700137000"}


class ScriptedSms:
    """An SMS provider that answers as it is told, takes what it is given, and remembers it."""

    provider = "twilio"
    outward = True
    keeps = ("ref", "state", "error")

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answers: list[Report | BaseException] = []
        self.listed: list[Report] = []
        self.finds = 0

    def submit(self, message: Message) -> Report:
        """Take it, and answer as scripted, else `accepted`."""
        self.taken.append(message)
        answer = self.answers.pop(0) if self.answers else Report("accepted", ref=f"ref-{len(self.taken)}")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def find(self, message: Message, since: datetime) -> list[Report]:
        """What the script has listed."""
        self.finds += 1
        return self.listed

    def genuine(self, call: Call) -> bool:
        """Whether it says so."""
        return call.signature == "genuine"

    def heard(self, said: Mapping[str, str]) -> Report | None:
        """The report as it stands in the form."""
        error = said.get("error")
        return Report(said["state"], ref=said["ref"], error=error, fault=FAULTS.get(error or ""))


@dataclass
class House:
    """What `api/office.py` would assemble, with the tests' hands on it."""

    database: Database
    keyring: Keyring
    clock: Any
    sms: Any
    phones: dict[str, str] = field(default_factory=lambda: dict(PHONES))
    languages: dict[str, str] = field(default_factory=dict)
    pushed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database.ensure(INDEXES)
        self.store = NoticeStore(self.database)
        self.notices = Notifications(
            self.database,
            seal=self.keyring.seal,
            open_sealed=self.keyring.open_sealed,
            address_of=self.address_of,
            language_of=lambda recipient: self.languages.get(recipient, "zh"),
            sms=self.sms,
            now=self.clock,
            push=lambda member, word: self.pushed.append((member, dict(word))),
            record=lambda *words, session=None: None,
            look=lambda *words, **more: None,
            scope_of=lambda officer: [{"group": "case"}, {"group": "office"}],
            digest=self.keyring.lasting_digest,
        )

    def another_worker(self) -> Outbox:
        """A second process at the same outbox."""
        callbacks = {"twilio": self.sms}
        return Outbox(
            self.store,
            {"sms": self.sms},
            callbacks,
            self.address_of,
            self.keyring.open_sealed,
            self.keyring.lasting_digest,
        )

    def address_of(self, recipient: str, channel: str) -> str | None:
        """Phones only."""
        return self.phones.get(recipient) if channel == "sms" else None

    def accepted(self, recipient: str = "citizen:zhang", key: str = FIRST_KEY, number: str = "") -> str:
        """Tell that a case was accepted, so long ago that its SMS is due now; of each key another case."""
        own = number or (NUMBER if key == FIRST_KEY else f"XC{zlib.crc32(key.encode()):011}")
        values = {"number": own, "matter": "食品经营许可", "due": "12月8日"}
        now, self.clock.at = self.clock.at, self.clock.at - PATIENCE
        notice = self.notices.tell(recipient, "case_accepted", values, key=key, link=f"/cases/{NUMBER}")
        self.clock.at = now
        return notice

    def code(self) -> str:
        """Send a log-in code."""
        return self.notices.tell("login:1", "login_code", {"code": "246810"}, key="login:1")

    def drain(self) -> None:
        """Work until nothing is due now."""
        for _ in range(100):
            if not self.notices.step(self.clock()):
                return
        raise AssertionError("the work does not end")

    def news(self, notice_id: str, state: str, ref: str = "ref-1", error: str = "") -> None:
        """A genuine callback of the scripted provider."""
        form = {"ref": ref, "state": state} | ({"error": error} if error else {})
        call = Call("", form, "genuine")
        delivery = self.sms.taken[-1].delivery if self.sms.taken else ""
        self.notices.take_call("twilio", call, notice_id, delivery)

    def deliveries(self, notice_id: str, channel: str = "sms") -> list[dict[str, Any]]:
        """All tries of a notice by a channel."""
        return list(self.database["deliveries"].find({"notice": notice_id, "channel": channel}).sort("number", 1))

    def state(self, notice_id: str, channel: str = "sms") -> str:
        """The state of the latest try."""
        return str(self.deliveries(notice_id, channel)[-1]["state"])

    def path(self, notice_id: str, channel: str = "sms") -> list[str]:
        """The states that the latest try went through."""
        return [step["state"] for step in self.deliveries(notice_id, channel)[-1]["history"]]


@pytest.fixture
def house(database: Database, keyring: Keyring, clock: Any) -> House:
    """The house with a scripted SMS provider."""
    return House(database, keyring, clock, ScriptedSms())


@pytest.fixture
def twilio(clock: Any) -> Iterator[FakeTwilio]:
    """A Twilio on loopback; at the end nothing that it was sent may have broken its own description."""
    fake = FakeTwilio(clock)
    yield fake
    fake.close()
    assert fake.faults == []


@pytest.fixture
def twilio_sms(twilio: FakeTwilio) -> TwilioSms:
    """The genuine library against it."""
    return TwilioSms(ACCOUNT, TOKEN, SERVICE, PUBLIC_BASE, api_base=twilio.base, timeout=3)


@pytest.fixture
def twilio_house(database: Database, keyring: Keyring, clock: Any, twilio_sms: TwilioSms) -> House:
    """The house with Twilio."""
    return House(database, keyring, clock, twilio_sms)
