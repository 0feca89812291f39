"""The second factor of staff: time-based one-time passwords (TOTP, RFC 6238) from an authenticator."""

from datetime import datetime

import pyotp
import segno

from api.refusals import Refusal

TOTP_STEP = 30
ISSUER = "新城服务圈"


class TotpNeeded(Refusal):
    """The password is right; the code of the authenticator is missing."""

    code = "totp_needed"
    zh = "请输入身份验证器上的 6 位数字。"
    en = "Give the six digits of your authenticator."


class TotpWrong(Refusal):
    """The code is not the current one, or was used already."""

    code = "totp_wrong"
    zh = "验证器上的数字不对或已用过，请等下一组数字。"
    en = "The digits are wrong or were used. Wait for the next ones."


class TotpExists(Refusal):
    """A second factor is set already; only a recovery replaces it."""

    code = "totp_exists"
    zh = "已经绑定身份验证器。如需更换，请两位管理员恢复账号。"
    en = "An authenticator is set already. To replace it, two administrators recover the account."


def totp_step(secret: str, digits: str, now: datetime) -> int | None:
    """The step (RFC 6238, of 30 s) that these digits belong to, this one or the one before; None where wrong."""
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // TOTP_STEP
    for candidate in (step, step - 1):
        if pyotp.utils.strings_equal(digits.strip(), totp.generate_otp(candidate)):
            return candidate
    return None


def new_totp_secret() -> str:
    """A new secret of 160 random bits in base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, username: str) -> str:
    """The otpauth URI that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def totp_qr(uri: str) -> str:
    """The address for an authenticator as a QR code: an SVG picture as a data URI."""
    return segno.make_qr(uri, error="m").svg_data_uri(omitsize=True)
