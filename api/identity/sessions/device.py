"""The device of a log-in in words, from the User-Agent header: a system and an app that we know, nothing else of it.

What is stored are two codes of the tables below, never a stranger's text.
"""

OTHER = "other"

SYSTEMS = {
    "harmony": ("鸿蒙设备", "HarmonyOS device"),
    "iphone": ("iPhone", "iPhone"),
    "ipad": ("iPad", "iPad"),
    "android": ("安卓手机", "Android phone"),
    "windows": ("Windows 电脑", "Windows computer"),
    "mac": ("苹果电脑", "Mac"),
    "linux": ("Linux 电脑", "Linux computer"),
    OTHER: ("其他设备", "Other device"),
}
APPS = {
    "mini_program": ("微信小程序", "WeChat mini-program"),
    "wechat": ("微信", "WeChat"),
    "alipay": ("支付宝", "Alipay"),
    "edge": ("Edge 浏览器", "Edge"),
    "huawei": ("华为浏览器", "Huawei Browser"),
    "xiaomi": ("小米浏览器", "Mi Browser"),
    "qq": ("QQ 浏览器", "QQ Browser"),
    "uc": ("UC 浏览器", "UC Browser"),
    "firefox": ("火狐浏览器", "Firefox"),
    "chrome": ("Chrome 浏览器", "Chrome"),
    "safari": ("Safari 浏览器", "Safari"),
    OTHER: ("其他应用", "Other app"),
}
"""By code: the words in Chinese and English."""

SYSTEM_MARKS = (
    *(("OpenHarmony", "harmony"), ("HarmonyOS", "harmony"), ("iPhone", "iphone"), ("iPad", "ipad")),
    *(("Android", "android"), ("Windows", "windows"), ("Macintosh", "mac"), ("Linux", "linux")),
)
APP_MARKS = (
    *(("miniProgram", "mini_program"), ("MicroMessenger", "wechat"), ("AlipayClient", "alipay"), ("Edg", "edge")),
    *(("HuaweiBrowser", "huawei"), ("MiuiBrowser", "xiaomi"), ("QQBrowser", "qq"), ("UCBrowser", "uc")),
    *(("Firefox", "firefox"), ("FxiOS", "firefox"), ("Chrome", "chrome"), ("CriOS", "chrome"), ("Safari", "safari")),
)
"""Marks in a User-Agent, the telling ones first: an Android says Linux too, and nearly every browser Safari."""

MOST_READ = 500


def device_of(user_agent: str) -> str:
    """The code of the device that sends this User-Agent: `system.app`, such as `iphone.wechat`."""
    text = user_agent[:MOST_READ]
    return f"{_first(SYSTEM_MARKS, text)}.{_first(APP_MARKS, text)}"


def device_words(code: str, language: str) -> str:
    """A device's code in words, in `zh` or `en`; one that is not known any more is another device."""
    system, _, app = code.partition(".")
    which = 1 if language == "en" else 0
    return f"{SYSTEMS.get(system, SYSTEMS[OTHER])[which]} · {APPS.get(app, APPS[OTHER])[which]}"


def _first(marks: tuple[tuple[str, str], ...], text: str) -> str:
    return next((code for mark, code in marks if mark in text), OTHER)
