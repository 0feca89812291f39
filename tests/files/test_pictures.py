"""What becomes of a picture: its size, its shape, its colours, and which side is up."""

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api.files.check import KEPT_PIXELS, Unfit, examine
from tests.files.papers import bare_png

P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
PROPHOTO = ((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249))
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
"""XYZ of red, green and blue under D50, as ICC profiles hold them (ICC.1:2010 §8.3)."""
WHITE = (0.9642, 1.0, 0.8249)
ORIENTED = dict(enumerate(2 * ("top left", "top right", "bottom right", "bottom left"), 1))
"""Where the upper left corner of the stored pixels belongs, by Orientation (Exif 2.3, tag 0x0112)."""


def kept(picture: Image.Image, form: str = "PNG", **options: Any) -> tuple[Image.Image, Image.Image]:
    """The picture as it is kept, and its thumbnail."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    opened = examine(out.getvalue())
    assert (opened.facts["width"], opened.facts["height"]) == Image.open(io.BytesIO(opened.content)).size
    return Image.open(io.BytesIO(opened.content)), Image.open(io.BytesIO(opened.thumb))


# -- size --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "least_width"),
    [((1080, 24_000), 1080), ((1440, 30_000), 1100), ((24_000, 1080), 24_000), ((375, 60_000), 375)],
)
def test_a_long_picture_stays_readable(size: tuple[int, int], least_width: int) -> None:
    """A screenshot of a whole page, the same on a larger telephone, a panorama, a chat of many pages."""
    content, thumb = kept(Image.new("L", size, 255))
    assert content.width >= least_width
    assert content.width * content.height <= KEPT_PIXELS * 1.01
    assert content.width / content.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert min(thumb.size) > 80, "the thumbnail shows its beginning"


@pytest.mark.parametrize(("size", "form"), [((8192, 6144), "PNG"), ((8160, 6144), "JPEG"), ((9248, 6944), "JPEG")])
def test_what_telephones_take_is_taken(size: tuple[int, int], form: str) -> None:
    """50 and 64 million pixels."""
    content, _ = kept(Image.new("L", size, 128), form)
    assert content.width / content.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert content.width * content.height == pytest.approx(KEPT_PIXELS, rel=0.01)


def test_a_jpeg_of_108_million_pixels_is_decoded_smaller() -> None:
    content, _ = kept(Image.new("L", (12_000, 9_000), 128), "JPEG")
    assert content.width * content.height == pytest.approx(KEPT_PIXELS, rel=0.01)


@pytest.mark.parametrize("size", [(8_100, 8_100), (65_001, 1_001), (1_001, 65_001), (2**31 - 1, 1)])
def test_what_would_take_too_much_memory_is_not_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(Unfit, match="too_many_pixels"):
        examine(bare_png(*size, b"\0"))


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (3, 60_000)])
def test_a_line_has_a_thumbnail_too(size: tuple[int, int]) -> None:
    content, thumb = kept(Image.new("RGB", size, "red"))
    assert content.size == size
    assert thumb.size[0] >= 1


# -- colours -----------------------------------------------------------------------


def profile(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile with these tags (ICC.1:2010 §7)."""
    head, body, table = bytearray(128), b"", b""
    at = 132 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += padded
    whole = struct.pack(">I", len(tags)) + table + body
    head[0:4] = struct.pack(">I", 128 + len(whole))
    head[8:12], head[36:40] = b"\x02\x40\0\0", b"acsp"
    head[12:24] = (b"prtr" if space == b"CMYK" else b"mntr") + space + connection
    head[68:80] = b"".join(_fixed(value) for value in WHITE)
    return bytes(head) + whole


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65_536))


def xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(value) for value in values)


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def of_primaries(primaries: Sequence[Sequence[float]]) -> bytes:
    """The profile of a screen with these primaries and gamma 2.2."""
    tags = {b"wtpt": xyz(WHITE)}
    for letter, values in zip(b"rgb", primaries, strict=True):
        tags |= {bytes((letter,)) + b"XYZ": xyz(values), bytes((letter,)) + b"TRC": gamma(2.2)}
    return profile(b"RGB ", tags)


def of_inks() -> bytes:
    """A profile of four inks: paper is white, cyan a greenish blue of L*a*b* (55, -20, -40), all others black."""
    lab = [(0, 128, 128)] * 16
    lab[0], lab[8] = (255, 128, 128), (140, 108, 88)
    straight = bytes(range(256))
    head = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + b"".join(_fixed(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    table = head + straight * 4 + bytes(value for colour in lab for value in colour) + straight * 3
    return profile(b"CMYK", {b"A2B0": table, b"wtpt": xyz(WHITE)}, b"Lab ")


def in_srgb(colour: Sequence[int], primaries: Sequence[Sequence[float]]) -> list[float]:
    """The colour of a screen with these primaries and gamma 2.2, in sRGB (IEC 61966-2-1)."""
    linear = (np.array(colour) / 255) ** 2.2
    values = np.clip(np.linalg.solve(np.array(SRGB).T, np.array(primaries).T @ linear), 0, 1)
    return list(255 * np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("primaries", [P3, ADOBE_RGB, PROPHOTO], ids=["Display P3", "Adobe RGB", "ProPhoto"])
def test_colours_of_another_space_look_the_same(primaries: Sequence[Sequence[float]], form: str) -> None:
    colour = (180, 120, 90)
    content, thumb = kept(Image.new("RGB", (64, 64), colour), form, icc_profile=of_primaries(primaries))
    wanted = in_srgb(colour, primaries)
    assert max(abs(np.array(wanted) - colour)) > 5
    for picture in (content, thumb):
        assert list(picture.convert("RGB").getpixel((30, 30))) == pytest.approx(wanted, abs=3)
        assert "icc_profile" not in picture.info


def test_inks_look_the_same() -> None:
    cyan = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    content, _ = kept(cyan, "JPEG", icc_profile=of_inks(), quality=95)
    assert content.mode == "RGB"
    assert content.getpixel((30, 30)) == pytest.approx((0, 143, 201), abs=12), "L*a*b* (55, -20, -40)"
    plain, _ = kept(cyan, "JPEG", quality=95)
    assert plain.getpixel((30, 30))[2] > 240, "without a profile, cyan is what four-colour print shows plainly"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1"])
def test_every_kind_of_pixel_may_have_a_profile(mode: str) -> None:
    grey = profile(b"GRAY", {b"wtpt": xyz(WHITE), b"kTRC": gamma(1.0)})
    given = grey if mode in {"L", "LA"} else of_primaries(P3)
    picture = Image.new("RGB", (64, 64), (180, 120, 90)).convert(mode)
    if mode in {"LA", "RGBA"}:
        picture.putalpha(Image.linear_gradient("L").resize((64, 64)))
    content, _ = kept(picture, "PNG", icc_profile=given)
    assert (content.convert("RGBA").getchannel("A").getextrema()[0] < 10) is (mode in {"LA", "RGBA"})
    seen = content.convert("RGB").getpixel((30, 30))
    if mode in {"L", "LA"}:
        level = picture.getchannel(0).getpixel((30, 30)) / 255
        assert seen[0] == pytest.approx(255 * (1.055 * level ** (1 / 2.4) - 0.055), abs=3), "light itself was stored"
    elif mode in {"P", "RGBA"}:
        assert list(seen) == pytest.approx(in_srgb(picture.convert("RGB").getpixel((30, 30)), P3), abs=4)


@pytest.mark.parametrize("unfit", [b"no profile", of_inks(), of_primaries(P3)[:150], bytes(4000)])
def test_a_profile_that_cannot_be_read_leaves_the_colours(unfit: bytes) -> None:
    content, _ = kept(Image.new("RGB", (64, 64), (180, 120, 90)), "PNG", icc_profile=unfit)
    assert content.convert("RGB").getpixel((30, 30)) == (180, 120, 90)


# -- which side is up ----------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", ORIENTED)
def test_what_was_up_is_up_and_keeps_its_colours(orientation: int, form: str) -> None:
    picture = Image.new("RGB", (80, 40), (90, 120, 180))
    picture.paste((180, 120, 90), (0, 0, 20, 20))
    exif = picture.getexif()
    exif[0x0112] = orientation
    content, thumb = kept(picture, form, exif=exif, icc_profile=of_primaries(P3))
    assert content.size == ((40, 80) if orientation > 4 else (80, 40))
    vertical, horizontal = ORIENTED[orientation].split()
    for each in (content, thumb):
        corner = (5 if horizontal == "left" else each.width - 5, 5 if vertical == "top" else each.height - 5)
        seen = each.convert("RGB").getpixel(corner)
        assert list(seen) == pytest.approx(in_srgb((180, 120, 90), P3), abs=8)
        assert not each.getexif()
