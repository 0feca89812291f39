"""The settings: one frozen object from environment variables; refuses a half-configured or unsafe start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class UnsafeStart(Exception):
    """The settings contradict each other or would be unsafe; the message says what to change."""


class Setting(NamedTuple):
    """One environment variable: its name, default and meaning."""

    name: str
    default: str
    meaning: str


SETTINGS = (
    Setting("HOST", "127.0.0.1", "address to listen on, e.g. `0.0.0.0`, `[::1]`, or `[::]` for IPv4 and IPv6"),
    Setting("PORT", "8000", "port to listen on"),
    Setting("PUBLIC_BASE", "http://HOST:PORT", "address that citizens and providers see"),
    Setting("CIRCLE_VAR", "var", "data folder: the embedded store, street networks"),
    Setting("CIRCLE_KEYS", "keys", "sealing keys; made at first start, never inside a backup"),
    Setting(
        "CIRCLE_DEV",
        "",
        "`1` says that this is a trial: console providers and generated log-ins, also where others may reach it",
    ),
    Setting("CIRCLE_LOG", "", "log level; in the pocket size WARNING unless said, else INFO"),
    Setting("MONGODB_URI", "", "a MongoDB replica set; without it the embedded store is started"),
    Setting("MONGODB_DATABASE", "circle", "name of the database"),
    Setting("TRUSTED_PROXIES", "", "addresses or networks, with commas, whose X-Forwarded-For is believed"),
    Setting("HSTS_SUBDOMAINS", "", "`1` has browsers use HTTPS for every subdomain of PUBLIC_BASE too"),
    Setting("CORS_ORIGINS", "", "origins, with commas, whose pages may call beside our own"),
    Setting("METRICS_TOKEN", "", "bearer token for `/metrics`; without it only this machine may read it"),
    Setting("REDIS_URL", "", "message queue between processes; needed from the second process on"),
    Setting(
        "CLAMD",
        "",
        "clamd's socket, e.g. `/run/clamav/clamd.ctl`, or port, e.g. `127.0.0.1:3310`: it scans uploads for viruses",
    ),
    Setting("TWILIO_ACCOUNT_SID", "", "Twilio account; with the next two, SMS is really sent"),
    Setting("TWILIO_AUTH_TOKEN", "", "Twilio's secret, also checks its callbacks"),
    Setting("TWILIO_MESSAGING_SERVICE_SID", "", "Twilio messaging service to send from"),
    Setting("TWILIO_API_BASE", "", "another address for Twilio's API, for tests against a stand-in"),
    Setting("CODES_A_DAY", "20000", "log-in codes that the whole office sends in a day; one more rings an alarm"),
    Setting("CODES_AN_ADDRESS", "200", "log-in codes that one network address is sent in an hour"),
    Setting("STAFF_LOGIN_HOURS", "12", "hours after which a log-in of staff ends in any case"),
    Setting("CITIZEN_LOGIN_DAYS", "180", "days after which a log-in of a citizen ends in any case"),
    Setting("POSTS_A_MINUTE", "60", "messages that one person may send in conversations in a minute"),
    Setting("CONNECTIONS", "4000", "websockets that a process holds; gunicorn's `--worker-connections` must exceed it"),
    Setting(
        "CONNECTIONS_AN_ADDRESS",
        "1000",
        "websockets that one network address (an IPv6 /64 is one) holds in a process; a tenth of them without a log-in",
    ),
    Setting("CONNECTIONS_A_PERSON", "20", "websockets that one person holds in a process"),
    Setting("CLAIM_DAYS", "3", "working days after which a claimed case that its officer leaves alone is free again"),
    Setting("OFFICE_NAME", "", "who handles people's data (个人信息处理者), as the page of its rules says"),
    Setting("OFFICE_CONTACT", "", "how to reach them about it: telephone, address"),
    Setting("CHAT_KEPT_DAYS", "730", "days that a closed conversation is kept; one tied to a case stays with the case"),
    Setting("WECHAT_APP_ID", "", "WeChat mini-program; with the next one, people log in through WeChat"),
    Setting("WECHAT_SECRET", "", "the mini-program's secret"),
    Setting("WECHAT_API_BASE", "https://api.weixin.qq.com", "WeChat's address"),
    Setting("KUAIDI100_CUSTOMER", "", "快递100 customer; with the next one, tracking pushes are taken"),
    Setting("KUAIDI100_KEY", "", "快递100 key"),
    Setting("KUAIDI100_API_BASE", "https://poll.kuaidi100.com", "快递100's address"),
)


SHORTEST_CHAT_DAYS = 366
MOST_PROXIES = 1 << 16
"""A network of trusted proxies with more addresses than this has strangers in it."""
MOST_STAFF_HOURS, MOST_CITIZEN_DAYS = 7 * 24, 3 * 366
"""The longest that a log-in may be allowed to last."""
HSTS_SECONDS = 31_536_000
"""A year."""

TRIAL_RIGHTS = "whoever reaches it may log in as any phone number and verify any identity number"
"""What the console providers of a trial allow."""


@dataclass(frozen=True)
class Settings:
    """The settings of this process, as `read` returns them."""

    host: str
    port: int
    public_base: str
    var: Path
    keys: Path
    dev: bool
    log: str
    mongodb_uri: str
    mongodb_database: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    hsts_subdomains: bool
    cors_origins: frozenset[str]
    metrics_token: str
    redis_url: str
    clamd: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_messaging_service_sid: str
    twilio_api_base: str
    codes_a_day: int
    codes_an_address: int
    staff_login_hours: int
    citizen_login_days: int
    posts_a_minute: int
    connections: int
    connections_an_address: int
    connections_a_person: int
    claim_days: int
    office_name: str
    office_contact: str
    chat_kept_days: int
    wechat_app_id: str
    wechat_secret: str
    wechat_api_base: str
    kuaidi100_customer: str
    kuaidi100_key: str
    kuaidi100_api_base: str

    @property
    def twilio(self) -> bool:
        """Whether SMS goes through Twilio."""
        return bool(self.twilio_account_sid)

    @property
    def pocket(self) -> bool:
        """Whether this is the pocket size: one process, embedded store, reachable on loopback only."""
        return is_loopback(self.host) and not self.mongodb_uri

    @property
    def hsts(self) -> str:
        """The header Strict-Transport-Security (RFC 6797), "" where PUBLIC_BASE is not HTTPS."""
        if not self.public_base.startswith("https://"):
            return ""
        return f"max-age={HSTS_SECONDS}" + ("; includeSubDomains" if self.hsts_subdomains else "")

    @property
    def lenient(self) -> bool:
        """Whether this is a trial: console SMS, WeChat and register, demo data and generated log-ins are allowed."""
        return self.pocket or self.dev

    @property
    def weak(self) -> tuple[str, ...]:
        """The names of the settings that weaken this installation; the audit notes when one comes or goes."""
        ways = {
            "CIRCLE_DEV": self.dev,
            "PUBLIC_BASE": self.public_base.startswith("http://")
            and not _is_here(self.public_base, self.host, self.port),
            "TRUSTED_PROXIES": any(network.num_addresses > MOST_PROXIES for network in self.trusted_proxies),
            "CORS_ORIGINS": any(origin.startswith("http://") for origin in self.cors_origins),
            "CIRCLE_LOG": self.log == "ERROR",
        }
        return tuple(name for name, holds in ways.items() if holds)

    @property
    def providers(self) -> dict[str, str]:
        """The addresses of outside providers, by setting; "" is the provider's own."""
        return {
            "TWILIO_API_BASE": self.twilio_api_base,
            "WECHAT_API_BASE": self.wechat_api_base,
            "KUAIDI100_API_BASE": self.kuaidi100_api_base,
        }

    @property
    def reachable_by(self) -> tuple[str, ...]:
        """The settings that say that others than this machine may reach a server on a loopback HOST, each in words."""
        ways = {
            f"PUBLIC_BASE is {self.public_base}": not _is_here(self.public_base, self.host, self.port),
            "TRUSTED_PROXIES is set": bool(self.trusted_proxies),
            "the TWILIO_… settings are set": self.twilio,
        }
        return tuple(words for words, holds in ways.items() if holds)


@lru_cache(1_024)
def is_loopback(host: str) -> bool:
    """Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def authority(host: str, port: int) -> str:
    """Host and port as in a URL: an IPv6 address stands in brackets (RFC 3986 3.2.2), its zone after %25 (RFC 6874)."""
    return f"[{host.replace('%', '%25')}]:{port}" if ":" in host else f"{host}:{port}"


def read(environ: Mapping[str, str], *, listens: bool = True) -> Settings:
    """Read the settings from environment variables. Raises UnsafeStart, whose message says what to change.

    `listens` is False if a server that HOST does not bind, such as gunicorn, will serve the app.
    """
    values = {s.name: environ.get(s.name, "") or s.default for s in SETTINGS}
    host, port = values["HOST"], _port(values["PORT"])
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    base = environ.get("PUBLIC_BASE") or f"http://{authority(host, port)}"
    settings = Settings(
        host=host,
        port=port,
        public_base=base.rstrip("/"),
        var=Path(values["CIRCLE_VAR"]).absolute(),
        keys=Path(values["CIRCLE_KEYS"]).absolute(),
        dev=values["CIRCLE_DEV"] == "1",
        log=_log_level(values["CIRCLE_LOG"])
        or ("WARNING" if is_loopback(host) and not values["MONGODB_URI"] else "INFO"),
        mongodb_uri=values["MONGODB_URI"],
        mongodb_database=values["MONGODB_DATABASE"],
        trusted_proxies=_networks(values["TRUSTED_PROXIES"]),
        hsts_subdomains=_switch("HSTS_SUBDOMAINS", values["HSTS_SUBDOMAINS"]),
        cors_origins=_origins(values["CORS_ORIGINS"]),
        metrics_token=_token(values["METRICS_TOKEN"]),
        redis_url=values["REDIS_URL"],
        clamd=_clamd(values["CLAMD"]),
        twilio_account_sid=values["TWILIO_ACCOUNT_SID"],
        twilio_auth_token=values["TWILIO_AUTH_TOKEN"],
        twilio_messaging_service_sid=values["TWILIO_MESSAGING_SERVICE_SID"],
        twilio_api_base=values["TWILIO_API_BASE"],
        codes_a_day=_count("CODES_A_DAY", values["CODES_A_DAY"]),
        codes_an_address=_count("CODES_AN_ADDRESS", values["CODES_AN_ADDRESS"]),
        **_ends_of_log_ins(values),
        connections=_count("CONNECTIONS", values["CONNECTIONS"]),
        connections_an_address=_count("CONNECTIONS_AN_ADDRESS", values["CONNECTIONS_AN_ADDRESS"]),
        connections_a_person=_count("CONNECTIONS_A_PERSON", values["CONNECTIONS_A_PERSON"]),
        **{name.lower(): _count(name, values[name]) for name in ("POSTS_A_MINUTE", "CLAIM_DAYS")},
        office_name=values["OFFICE_NAME"],
        office_contact=values["OFFICE_CONTACT"],
        chat_kept_days=_count("CHAT_KEPT_DAYS", values["CHAT_KEPT_DAYS"]),
        wechat_app_id=values["WECHAT_APP_ID"],
        wechat_secret=values["WECHAT_SECRET"],
        wechat_api_base=values["WECHAT_API_BASE"],
        kuaidi100_customer=values["KUAIDI100_CUSTOMER"],
        kuaidi100_key=values["KUAIDI100_KEY"],
        kuaidi100_api_base=values["KUAIDI100_API_BASE"],
    )
    _refuse_unsafe(settings)
    _refuse_reachable_trial(settings, listens)
    return settings


def _is_here(base: str, host: str, port: int) -> bool:
    """Whether a PUBLIC_BASE is an address of this machine; `host` and `port` are those of its default."""
    try:
        return base == f"http://{host}:{port}" or is_loopback(urlsplit(base).hostname or "")
    except ValueError:
        return False


def _is_safe_address(base: str) -> bool:
    """Whether what is sent to this address of a provider is encrypted, or stays on this machine."""
    try:
        return not base or base.startswith("https://") or is_loopback(urlsplit(base).hostname or "")
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdigit() or not 0 <= int(text) <= 65535:
        raise UnsafeStart(f"PORT must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def _count(name: str, text: str, most: int | None = None) -> int:
    if not text.isdecimal() or int(text) == 0 or (most is not None and int(text) > most):
        span = "above 0" if most is None else f"from 1 to {most}"
        raise UnsafeStart(f"{name} must be a number {span}, not {text!r}.")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text not in ("", "1"):
        raise UnsafeStart(f"{name} must be 1 or empty, not {text!r}.")
    return text == "1"


def _ends_of_log_ins(values: Mapping[str, str]) -> dict[str, Any]:
    most = {"STAFF_LOGIN_HOURS": MOST_STAFF_HOURS, "CITIZEN_LOGIN_DAYS": MOST_CITIZEN_DAYS}
    return {name.lower(): _count(name, values[name], limit) for name, limit in most.items()}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        networks = tuple(ip_network(part) for part in _listed(text))
    except ValueError as error:
        raise UnsafeStart(f"TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/24: {error}.") from None
    if any(network.prefixlen == 0 for network in networks):
        raise UnsafeStart("TRUSTED_PROXIES names every address: anybody could then pretend to be anybody.")
    return networks


def _origins(text: str) -> frozenset[str]:
    for origin in _listed(text):
        if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", origin):
            raise UnsafeStart(f"CORS_ORIGINS must be origins such as https://www.example.cn, not {origin!r}.")
    return frozenset(_listed(text))


def _clamd(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and not text.startswith("/") and not (is_loopback(host.strip("[]")) and port.isdigit()):
        raise UnsafeStart(
            f"CLAMD must be the path of a socket or a port of this machine such as 127.0.0.1:3310, not {text!r}: "
            "clamd is sent what citizens hand in, unencrypted."
        )
    return text


def _token(text: str) -> str:
    if text and len(text) < 16:
        raise UnsafeStart("METRICS_TOKEN must have at least 16 characters.")
    return text


def _log_level(text: str) -> str:
    if text and text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise UnsafeStart(f"CIRCLE_LOG must be DEBUG, INFO, WARNING or ERROR, not {text!r}.")
    return text.upper()


def _refuse_unsafe(s: Settings) -> None:
    twilio = (s.twilio_account_sid, s.twilio_auth_token, s.twilio_messaging_service_sid)
    if any(twilio) and not all(twilio):
        raise UnsafeStart(
            "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_MESSAGING_SERVICE_SID go together: set all or none."
        )
    if bool(s.wechat_app_id) != bool(s.wechat_secret):
        raise UnsafeStart("WECHAT_APP_ID and WECHAT_SECRET go together: set both or neither.")
    if bool(s.kuaidi100_customer) != bool(s.kuaidi100_key):
        raise UnsafeStart("KUAIDI100_CUSTOMER and KUAIDI100_KEY go together: set both or neither.")
    if s.hsts_subdomains and not s.hsts:
        raise UnsafeStart("HSTS_SUBDOMAINS=1 means nothing unless PUBLIC_BASE begins with https://.")
    if s.keys == s.var or s.var in s.keys.parents:
        raise UnsafeStart("CIRCLE_KEYS must lie outside CIRCLE_VAR: a backup of the data must not hold its keys.")
    if s.chat_kept_days < SHORTEST_CHAT_DAYS:
        raise UnsafeStart(
            f"CHAT_KEPT_DAYS must be {SHORTEST_CHAT_DAYS} or more: promised answers are counted so far back."
        )
    for name, base in s.providers.items():
        if not _is_safe_address(base):
            raise UnsafeStart(f"{name} must begin with https:// or be an address of this machine: secrets go there.")
    if not s.lenient and not s.twilio:
        raise UnsafeStart(
            "HOST beyond loopback or MONGODB_URI is set, so SMS must really be sent: "
            "set the TWILIO_… settings, or CIRCLE_DEV=1 for a trial."
        )


def _refuse_reachable_trial(s: Settings, listens: bool) -> None:
    ways = (
        *s.reachable_by,
        *(() if listens else ("another server than `circle serve` listens, where HOST is not heard",)),
    )
    if s.pocket and not s.dev and ways:
        raise UnsafeStart(
            f"Others may reach this server ({'; '.join(ways)}), but without MONGODB_URI it is a trial: {TRIAL_RIGHTS}. "
            "Set MONGODB_URI for real use, or CIRCLE_DEV=1 if it is to be a trial."
        )
