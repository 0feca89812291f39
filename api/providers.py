"""The outside providers, by settings: the real one if it is configured, a console version in a trial, else none."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import IO

import notifications
from api.files.clamd import Clamd
from api.identity.citizens.register import ConsoleRegister, Register
from api.identity.citizens.wechat import ConsoleWeChat, MiniProgram, WeChat
from api.jobs.service import Jobs
from api.parcels.carriers import Tracker
from api.parcels.carriers.console import ConsoleCarrier
from api.parcels.carriers.kuaidi100 import Kuaidi100
from api.settings import Settings


def wechat(settings: Settings) -> WeChat | None:
    """Log-in by WeChat; None if this installation has none."""
    if settings.wechat_app_id:
        return MiniProgram(settings.wechat_app_id, settings.wechat_secret, settings.wechat_api_base)
    return ConsoleWeChat() if settings.lenient else None


def register(settings: Settings) -> Register | None:
    """The national register of identity numbers; None outside a trial, since there is no real adapter yet."""
    return ConsoleRegister() if settings.lenient else None


def scanner(settings: Settings) -> Callable[[Iterable[bytes]], str | None] | None:
    """The virus scanner of uploads; None if there is none."""
    return Clamd(settings.clamd).scan if settings.clamd else None


def trackers(settings: Settings, jobs: Jobs, now: Callable[[], datetime]) -> dict[str, Tracker]:
    """The trackers of parcels, by code of the carrier (ems, sf, jd, console)."""
    by_carrier: dict[str, Tracker] = {}
    if settings.kuaidi100_key:
        kuaidi100 = Kuaidi100(settings.kuaidi100_key, settings.kuaidi100_api_base, settings.public_base)
        by_carrier |= {"ems": kuaidi100, "sf": kuaidi100, "jd": kuaidi100}
    if settings.lenient:
        by_carrier["console"] = ConsoleCarrier(jobs.enqueue, now)
    return by_carrier


def sms(settings: Settings, console: IO[str]) -> notifications.TwilioSms | notifications.ConsoleSms:
    """The channel for SMS: Twilio if it is configured, else printed on `console`."""
    if settings.twilio:
        return notifications.TwilioSms(
            settings.twilio_account_sid,
            settings.twilio_auth_token,
            settings.twilio_messaging_service_sid,
            public_base=settings.public_base,
            api_base=settings.twilio_api_base,
        )
    return notifications.ConsoleSms(console)
