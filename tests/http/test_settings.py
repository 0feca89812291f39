"""A start that would be unsafe is refused in words that say what to change; every safe one is not."""

from datetime import datetime
from types import SimpleNamespace

import pytest

from api import providers
from api.identity.citizens.register import ConsoleRegister
from api.identity.citizens.wechat import ConsoleWeChat
from api.settings import SETTINGS, UnsafeStart, read

TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "secret", "TWILIO_MESSAGING_SERVICE_SID": "MG1"}
MONGO = {"MONGODB_URI": "mongodb://db/?replicaSet=rs"}

SAFE = {
    "the pocket size": {},
    "another loopback address": {"HOST": "::1"},
    "a trial that everybody may see": {"HOST": "0.0.0.0", "CIRCLE_DEV": "1"},
    "a trial on MongoDB": {**MONGO, "CIRCLE_DEV": "1"},
    "the office": {"HOST": "0.0.0.0", **MONGO, **TWILIO},
    "behind a proxy": {**MONGO, **TWILIO, "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/24"},
    "with another origin": {"CORS_ORIGINS": "https://www.example.cn,http://localhost:5173"},
    "with another origin on IPv6": {"CORS_ORIGINS": "http://[::1]:5173,https://[2001:db8::1]"},
    "a provider's stand-in on this machine": {"WECHAT_API_BASE": "http://127.0.0.1:9", "TWILIO_API_BASE": ""},
    "measured from elsewhere": {"METRICS_TOKEN": "0123456789abcdef"},
}

UNSAFE = {
    "nobody would get a code": ({"HOST": "0.0.0.0"}, "SMS"),
    "nobody would get a code, on MongoDB": (MONGO, "SMS"),
    "half of Twilio": ({"TWILIO_ACCOUNT_SID": "AC1"}, "go together"),
    "half of Kuaidi100": ({"KUAIDI100_KEY": "k"}, "go together"),
    "keys inside the data": ({"CIRCLE_VAR": "/srv/v", "CIRCLE_KEYS": "/srv/v/keys"}, "outside CIRCLE_VAR"),
    "keys are the data": ({"CIRCLE_VAR": "/srv/v", "CIRCLE_KEYS": "/srv/v"}, "outside CIRCLE_VAR"),
    "a port that is none": ({"PORT": "http"}, "PORT"),
    "a port too high": ({"PORT": "65536"}, "PORT"),
    "a log level that is none": ({"CIRCLE_LOG": "LOUD"}, "CIRCLE_LOG"),
    "every proxy trusted": ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES"),
    "a proxy by name": ({"TRUSTED_PROXIES": "haproxy"}, "TRUSTED_PROXIES"),
    "every origin": ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS"),
    "HTTPS for subdomains of HTTP": ({"HSTS_SUBDOMAINS": "1"}, "https://"),
    "HTTPS for subdomains, said otherwise": ({"HSTS_SUBDOMAINS": "yes"}, "HSTS_SUBDOMAINS"),
    "an origin with a path": ({"CORS_ORIGINS": "https://example.cn/page"}, "CORS_ORIGINS"),
    "talks forgotten too soon": ({"CHAT_KEPT_DAYS": "30"}, "366"),
    "WeChat's secret in clear": ({"WECHAT_API_BASE": "http://api.weixin.qq.com"}, "https"),
    "快递100's key in clear": ({"KUAIDI100_API_BASE": "http://poll.kuaidi100.com"}, "https"),
    "Twilio's token in clear": ({**TWILIO, "TWILIO_API_BASE": "http://twilio.example"}, "https"),
    "a provider of no scheme": ({"WECHAT_API_BASE": "api.weixin.qq.com"}, "https"),
    "a provider that is no address": ({"WECHAT_API_BASE": "http://[::1"}, "https"),
    "a token that can be guessed": ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
}

PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}
HTTPS = {"PUBLIC_BASE": "https://circle.example.cn"}
DEV = {"CIRCLE_DEV": "1"}
ELSEWHERE = {"HOST": "0.0.0.0"}

KINDS = [
    # settings, what `circle serve` is with them, what gunicorn is
    ({}, "trial", "refused"),
    ({"HOST": "localhost"}, "trial", "refused"),
    ({"HOST": "127.8.0.1"}, "trial", "refused"),
    ({"HOST": "::1"}, "trial", "refused"),
    ({"PUBLIC_BASE": "http://localhost:8000"}, "trial", "refused"),
    ({"PUBLIC_BASE": "https://127.0.0.1/"}, "trial", "refused"),
    ({"PUBLIC_BASE": "http://[::1]:8000"}, "trial", "refused"),
    (HTTPS, "refused", "refused"),
    ({"PUBLIC_BASE": "http://192.168.1.5:8000"}, "refused", "refused"),
    ({"PUBLIC_BASE": "http://localhost.example.cn"}, "refused", "refused"),
    ({"PUBLIC_BASE": "http://localhost@circle.example.cn"}, "refused", "refused"),
    ({"PUBLIC_BASE": "circle.example.cn"}, "refused", "refused"),
    ({"PUBLIC_BASE": "http://[circle"}, "refused", "refused"),
    (PROXY, "refused", "refused"),
    (TWILIO, "refused", "refused"),
    ({**HTTPS, **PROXY}, "refused", "refused"),
    ({**HTTPS, **PROXY, **TWILIO}, "refused", "refused"),
    ({**HTTPS, **PROXY, **TWILIO, "CIRCLE_DEV": "0"}, "refused", "refused"),
    (ELSEWHERE, "refused", "refused"),
    (MONGO, "refused", "refused"),
    ({**MONGO, **HTTPS, **PROXY}, "refused", "refused"),
    (DEV, "trial", "trial"),
    ({**DEV, **HTTPS, **PROXY}, "trial", "trial"),
    ({**DEV, **TWILIO}, "trial", "trial"),
    ({**DEV, **ELSEWHERE}, "trial", "trial"),
    ({**DEV, **MONGO}, "trial", "trial"),
    ({**DEV, **MONGO, **TWILIO, **HTTPS, **PROXY}, "trial", "trial"),
    ({**MONGO, **TWILIO}, "real", "real"),
    ({**MONGO, **TWILIO, **HTTPS, **PROXY}, "real", "real"),
    ({**MONGO, **TWILIO, **HTTPS, **ELSEWHERE}, "real", "real"),
    ({**TWILIO, **ELSEWHERE}, "real", "real"),
]
"""Written by hand. A trial has the console's WeChat and register; a real start has neither."""


def _kind(environ, listens):
    try:
        settings = read(environ, listens=listens)
    except UnsafeStart:
        return "refused"
    trackers = providers.trackers(settings, SimpleNamespace(enqueue=None), datetime.now)
    consoles = {
        isinstance(providers.wechat(settings), ConsoleWeChat),
        isinstance(providers.register(settings), ConsoleRegister),
        "console" in trackers,
        settings.lenient,
    }
    assert len(consoles) == 1
    return "trial" if consoles.pop() else "real"


@pytest.mark.parametrize(
    ("environ", "serve", "gunicorn"), KINDS, ids=lambda part: part if isinstance(part, str) else repr([*part])
)
def test_a_trial_is_what_nobody_else_can_reach_or_what_is_said_to_be_one(environ, serve, gunicorn):
    assert (_kind(environ, True), _kind(environ, False)) == (serve, gunicorn)


@pytest.mark.parametrize(
    ("environ", "words"),
    [(HTTPS, "PUBLIC_BASE is https"), (PROXY, "TRUSTED_PROXIES"), (TWILIO, "TWILIO_"), ({}, "another server")],
)
def test_a_trial_that_others_could_reach_is_refused_with_the_reason_and_both_ways_out(environ, words):
    with pytest.raises(UnsafeStart, match=words) as refused:
        read(environ, listens=bool(environ))
    assert "MONGODB_URI for real use" in str(refused.value)
    assert "CIRCLE_DEV=1" in str(refused.value)


@pytest.mark.parametrize("environ", SAFE.values(), ids=SAFE.keys())
def test_a_safe_start_is_let_through(environ):
    assert read(environ).port == 8000


@pytest.mark.parametrize(("environ", "told"), UNSAFE.values(), ids=UNSAFE.keys())
def test_an_unsafe_start_is_refused_in_words(environ, told):
    with pytest.raises(UnsafeStart, match=told):
        read(environ)


def test_consoles_stand_in_for_providers_only_on_this_machine_or_in_a_trial():
    assert read({}).lenient
    assert read({"HOST": "0.0.0.0", "CIRCLE_DEV": "1"}).lenient
    assert not read({"HOST": "0.0.0.0", **TWILIO}).lenient
    assert not read({**MONGO, **TWILIO}).lenient


def test_each_setting_is_named_once_and_says_what_it_means():
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
    assert all(setting.meaning for setting in SETTINGS)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::]:8000"),
        ("[::1]", "http://[::1]:8000"),
        ("2001:db8::8a2e:370:7334", "http://[2001:db8::8a2e:370:7334]:8000"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:8000"),
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_the_public_address_is_one_that_a_browser_opens(host, base):
    """RFC 3986 3.2.2: an IPv6 address stands in brackets; it is listened on without them."""
    settings = read({"HOST": host, "CIRCLE_DEV": "1"})
    assert settings.public_base == base
    assert settings.host == host.strip("[]")


def test_brackets_do_not_hide_that_a_host_is_this_machine():
    assert read({"HOST": "[::1]"}).pocket
    assert not read({"HOST": "[::]", "CIRCLE_DEV": "1"}).pocket


def test_a_given_public_address_is_taken_as_it_is():
    trial = {"HOST": "::1", "PUBLIC_BASE": "https://circle.example.cn/", "CIRCLE_DEV": "1"}
    assert read(trial).public_base == "https://circle.example.cn"


@pytest.mark.parametrize(
    ("environ", "header"),
    [
        ({}, ""),
        ({"PUBLIC_BASE": "https://circle.example.cn"}, "max-age=31536000"),
        ({"PUBLIC_BASE": "https://circle.example.cn", "HSTS_SUBDOMAINS": "1"}, "max-age=31536000; includeSubDomains"),
    ],
)
def test_browsers_are_held_to_https_and_for_subdomains_only_where_asked(environ, header):
    assert read({**environ, "CIRCLE_DEV": "1"}).hsts == header
