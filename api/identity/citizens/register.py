"""The national identity register as a port (does this number belong to this name?), and its console version."""

from typing import Protocol

from api.refusals import Refusal


class Unconfirmed(Refusal):
    """The register does not know this name with this number; which of the two is wrong it does not say."""

    code = "identity_unconfirmed"
    zh = "姓名和身份证号对不上，请核对，或带身份证到窗口核验。"
    en = "Name and number do not match. Check them, or bring your card to a window."


class NoRegister(Refusal):
    """This installation is not connected to the register."""

    code = "verify_at_window"
    zh = "这里还不能在线核验身份，请带身份证到窗口核验。"
    en = "Identity cannot be verified online here. Bring your card to a window."


class Register(Protocol):
    """The national identity register."""

    def confirms(self, name: str, id_number: str) -> bool:
        """Whether name and number belong together. `id_number` is well-formed."""


class ConsoleRegister:
    """Stands in for the register in a trial: it confirms everybody but those called 查无此人."""

    def confirms(self, name: str, id_number: str) -> bool:
        """True for every name but 查无此人."""
        return name != "查无此人"
