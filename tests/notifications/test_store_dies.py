"""The store is killed while a provider is asked: what was told is not lost, what was sent is not sent again."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from api.identity.sealing.keyring import Keyring
from api.storage.database import Database
from api.storage.embedded import EmbeddedStore
from notifications.channels import Message, Report

from .conftest import House, ScriptedSms


def open_house(store: EmbeddedStore, keyring: Keyring, clock: Any, sms: ScriptedSms) -> House:
    return House(Database(store.start(), "circle"), keyring, clock, sms)


def test_a_store_killed_in_the_middle_of_a_call_costs_no_second_sms(
    tmp_path: Path, keyring: Keyring, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sms, store = ScriptedSms(), EmbeddedStore(tmp_path)

    def take_and_kill(message: Message) -> Report:
        sms.taken.append(message)
        os.kill(store.pid, signal.SIGKILL)
        return Report("accepted", ref="ref-1")

    with monkeypatch.context() as impatient:
        impatient.setattr("api.storage.database.TIMEOUT_MS", 4000)
        house = open_house(store, keyring, clock, sms)
    notice = house.code()
    monkeypatch.setattr(sms, "submit", take_and_kill)
    monkeypatch.setattr("api.storage.database.TRANSACTION_SECONDS", 4.0)
    with pytest.raises(PyMongoError):
        house.drain()
    house.database.close()
    store.stop()

    house = open_house(store, keyring, clock, sms)
    assert house.state(notice) == "submitting"
    sms.listed = [Report("sent", ref="ref-1")]
    clock.move(seconds=60)
    house.drain()
    assert house.path(notice) == ["queued", "submitting", "unknown", "sent"]
    assert len(sms.taken) == 1
    house.database.close()
    store.stop()
