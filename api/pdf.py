"""Renders documents as PDF: headings, facts, lists and tables in a Chinese font; a QR code if there is a link.

A paper is rendered in a process of its own (`python -m api.pdf`), with limits, since it takes a second and 80 MiB.
Few run at once, and who asks for many waits behind their own (`api.turns`). Only the characters that are used are
embedded (Noto Sans SC, SIL OFL 1.1, of the package pylopdf-fonts-zh-cn).
"""

import json
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote

from api.limited import ProcessLimits, Program, confine
from api.refusals import Refusal
from api.turns import FairTurns, NoTurn, Owner, Shares, ShareUsedUp

SECONDS = 25
LIMITS = ProcessLimits(memory_bytes=1024**3, cpu_seconds=SECONDS)
PRESS = Program("api.pdf")
TURNS = FairTurns(Shares(at_once=2, person=3, house=12, everybody=60, seconds=30))
"""Of a person three wait beside the one that is printed; of a network of people who are not logged in, twelve."""
KEPT = 32
CONTENT_TYPE = "application/pdf"
DESCRIBED = {"type": "string", "format": "binary"}
"""The schema of an answer that is a paper."""


class NotPrinted(Refusal):
    """The PDF could not be rendered in time."""

    code = "unavailable"
    zh = "现在打印的人多，请稍后再试。"
    en = "The paper cannot be printed now. Try again shortly."


class TooManyPapers(Refusal):
    """Papers of this person wait to be printed already, as many as may wait."""

    code = "too_many_papers"
    zh = "您已有几份文件在排队打印，请等它们好了再试。"
    en = "Several papers of yours wait to be printed. Try again when they are done."


@dataclass(frozen=True)
class PaperBlock:
    """A block of a paper: `text` lines, `boxes` to tick, `facts` in two columns, a `table` headed by its first row,
    or a QR `code` of the address in its first row, beside the lines of the others and the address.
    """

    kind: Literal["text", "boxes", "facts", "table", "code"]
    rows: tuple[tuple[str, ...], ...]
    heading: str = ""
    shares: tuple[int, ...] = ()


@dataclass(frozen=True)
class Paper:
    """A paper of A4 pages.

    `link` becomes a QR code with `link_words` beneath; `size` is that of the main text, in points; `language` is
    that of the headings.
    """

    title: str
    lead: tuple[str, ...]
    blocks: tuple[PaperBlock, ...]
    foot: str
    link: str = ""
    link_words: str = ""
    size: int = 11
    language: Literal["zh", "en"] = "zh"


def paper_of(stored: dict[str, Any]) -> Paper:
    """A paper from the JSON of `dataclasses.asdict`."""
    blocks = (
        PaperBlock(block["kind"], tuple(map(tuple, block["rows"])), block["heading"], tuple(block["shares"]))
        for block in stored["blocks"]
    )
    return Paper(**{**stored, "lead": tuple(stored["lead"]), "blocks": tuple(blocks)})


def at_base(paper: Paper, base: str) -> Paper:
    """A paper whose addresses began at the root, with `base` before each."""

    def placed(block: PaperBlock) -> PaperBlock:
        if block.kind != "code":
            return block
        ((address,), *rest) = block.rows
        return replace(block, rows=((f"{base}{address}",), *rest))

    return replace(paper, link=paper.link and f"{base}{paper.link}", blocks=tuple(map(placed, paper.blocks)))


LARGE = 18
"""Points of large print: 适老化通用设计规范 asks for 18 at least."""


def lines(heading: str, texts: Sequence[str]) -> tuple[PaperBlock, ...]:
    """A block of text lines, or no block if there are none."""
    return (PaperBlock("text", tuple((text,) for text in texts), heading),) if texts else ()


def printed(paper: Paper, owner: Owner) -> bytes:
    """Render a paper as PDF when it is the owner's turn. Raises TooManyPapers, NotPrinted."""
    with turn(owner):
        return pressed(paper)


def public(paper: Paper, owner: Owner) -> bytes:
    """As `printed`, with the last papers kept: for public papers only, never for personal ones."""
    content = SHELF.get(paper)
    if content is None:
        with turn(owner):
            content = SHELF.get(paper) or pressed(paper)  # somebody else's may have been the same
            SHELF.put(paper, content)
    return content


def pressed(paper: Paper) -> bytes:
    """Render a paper at once. Raises NotPrinted."""
    ended = PRESS.run(json.dumps(asdict(paper)).encode(), seconds=SECONDS)
    if ended.late:
        raise NotPrinted(retry_after=10)
    if ended.status != 0:
        raise RuntimeError(f"the press ended with status {ended.status}: {ended.last_line[-300:]}")
    return ended.answer


@contextmanager
def turn(owner: Owner) -> Iterator[None]:
    """Wait for the owner's turn at the presses, and hold it for a `with` block. Raises TooManyPapers, NotPrinted."""
    try:
        with TURNS.turn(owner):
            yield
    except ShareUsedUp:
        raise TooManyPapers(retry_after=5) from None
    except NoTurn:
        raise NotPrinted(retry_after=10) from None


class Shelf:
    """The last public papers."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._papers: OrderedDict[Paper, bytes] = OrderedDict()

    def get(self, paper: Paper) -> bytes | None:
        """The PDF of a paper that was put here lately, or None."""
        with self._lock:
            if paper in self._papers:
                self._papers.move_to_end(paper)
            return self._papers.get(paper)

    def put(self, paper: Paper, content: bytes) -> None:
        """Keep a paper, and let go of the one that nobody has asked for longest."""
        with self._lock:
            self._papers[paper] = content
            while len(self._papers) > self._most:
                self._papers.popitem(last=False)


SHELF = Shelf(KEPT)


def answered(content: bytes, name: str) -> Any:
    """A PDF as a Flask response, displayed inline, with a file name."""
    from flask import Response  # which the process of its own has no need of

    kept = f"inline; filename*=UTF-8''{quote(name)}.pdf"
    return Response(content, content_type=CONTENT_TYPE, headers={"Content-Disposition": kept})


# -- in the process of its own ----------------------------------------------------

MARGIN, QR_MM, LINE, PADDING = 18.0, 34.0, 1.5, 1
INK, SOFT, RULE = (28, 36, 48), (88, 100, 115), (200, 208, 217)
PAGE_WORDS = {"zh": "第 {page} 页", "en": "Page {page}"}
LANGUAGES = {"zh": "zh-CN", "en": "en"}
_UNBROKEN = re.compile(r"[!-~À-ɏ‘’“”]+|.", re.DOTALL)
"""A Latin word with what clings to it, or any one character."""


@dataclass
class Press:
    """Renders one paper with fpdf2."""

    paper: dict[str, Any]
    pdf: Any = field(init=False)
    known: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        from importlib.resources import files

        from fpdf import FPDF

        foot, say, words = self.paper["foot"], self._say, PAGE_WORDS[self.paper["language"]]

        class Page(FPDF):
            def footer(page) -> None:  # noqa: N805
                page.set_y(-MARGIN + 4)
                page.set_font("Noto", size=9)
                page.set_text_color(*SOFT)
                page.cell(0, 5, say(f"{foot}　{words.format(page=page.page_no())}"), align="C")

        self.pdf = Page(format="A4")
        self.pdf.set_auto_page_break(auto=True, margin=MARGIN + 4)
        self.pdf.set_margins(MARGIN, MARGIN, MARGIN)
        font = files("pylopdf_fonts_zh_cn").joinpath("NotoSansSC-Regular.otf")
        self.pdf.add_font("Noto", fname=str(font))
        self.known = frozenset(self.pdf.fonts["noto"].cmap)
        self.pdf.set_lang(LANGUAGES[self.paper["language"]])
        self.pdf.set_title(self.paper["title"])
        self.pdf.set_creator("新城服务圈 Service Circle")

    def _say(self, text: str) -> str:
        """The text, with the code point in place of each character that the font lacks."""
        printable = (char if ord(char) in self.known or char == "\n" else f"〔U+{ord(char):04X}〕" for char in text)
        return "".join(printable)

    def _folded(self, text: str, width: float) -> str:
        """The text wrapped for the current font; Latin words stay whole."""
        room, out, line = width - 2 * self.pdf.c_margin - 0.1, "", ""
        for token in _UNBROKEN.findall(self._say(text)):
            if token == "\n" or (line and self.pdf.get_string_width(line + token.rstrip()) > room):
                out, line = out + line.rstrip() + "\n", ""
            line += "" if token.isspace() and not line else token
        return out + line

    def set(self) -> bytes:
        """Render the whole paper."""
        self.pdf.add_page()
        self._head()
        for block in self.paper["blocks"]:
            if block["heading"]:
                self._heading(block["heading"], QR_MM if block["kind"] == "code" else 0)
            getattr(self, f"_{block['kind']}")(block)
        return bytes(self.pdf.output())

    def _head(self) -> None:
        pdf, beside = self.pdf, QR_MM + 6 if self.paper["link"] else 0
        top, width = pdf.get_y(), pdf.epw - beside
        self._write(self.paper["title"], self.paper["size"] + 7, INK, width)
        pdf.ln(1.5)
        for text in self.paper["lead"]:
            self._write(text, self.paper["size"] - 1, SOFT, width)
        if self.paper["link"]:
            bottom = pdf.get_y()
            self._qr(self.paper["link"], pdf.w - MARGIN - QR_MM, top)
            pdf.set_xy(pdf.w - MARGIN - QR_MM, top + QR_MM)
            pdf.set_font("Noto", size=9)
            pdf.set_text_color(*SOFT)
            pdf.multi_cell(QR_MM, 4.5, self._folded(self.paper["link_words"], QR_MM), align="C", wrapmode="CHAR")
            pdf.set_y(max(bottom, pdf.get_y()))

    def _qr(self, address: str, left: float, top: float) -> None:
        """An address as a QR code of QR_MM, drawn in squares."""
        import segno

        pdf = self.pdf
        code = segno.make_qr(address, error="m")
        cells = list(code.matrix_iter(border=4))
        step = QR_MM / len(cells)
        pdf.set_fill_color(0, 0, 0)
        for row, line in enumerate(cells):
            for column, dark in enumerate(line):
                if dark:
                    pdf.rect(left + column * step, top + row * step, step + 0.02, step + 0.02, style="F")

    def _heading(self, text: str, beneath: float = 0) -> None:
        pdf = self.pdf
        if pdf.will_page_break(self.paper["size"] * 2.8 + beneath):  # with what follows it, not alone
            pdf.add_page()
        pdf.ln(self.paper["size"] * 0.28)
        pdf.set_draw_color(*RULE)
        pdf.line(MARGIN, pdf.get_y(), pdf.w - MARGIN, pdf.get_y())
        pdf.ln(self.paper["size"] * 0.16)
        self._write(text, self.paper["size"] + 2, INK, pdf.epw)
        pdf.ln(0.8)

    def _text(self, block: dict[str, Any]) -> None:
        for (text,) in block["rows"]:
            if "\n" in text and self.pdf.will_page_break(self.paper["size"] * 1.1):  # a question with its answer
                self.pdf.add_page()
            self._write(text, self.paper["size"], INK, self.pdf.epw)

    def _boxes(self, block: dict[str, Any]) -> None:
        """A square to tick before each line."""
        pdf, size = self.pdf, self.paper["size"]
        side, indent = size * 0.32, size * 0.32 + 3
        for text, about in block["rows"]:
            if pdf.will_page_break(size):
                pdf.add_page()
            pdf.set_draw_color(*SOFT)
            pdf.rect(MARGIN + 0.5, pdf.get_y() + size * 0.1, side, side)
            self._write(text, size, INK, pdf.epw - indent, indent)
            if about:
                self._write(about, size - 2, SOFT, pdf.epw - indent, indent)
            pdf.ln(0.8)

    def _facts(self, block: dict[str, Any]) -> None:
        """A row per fact: the name left, the value right, a long value wrapped below its own beginning."""
        pdf, size = self.pdf, self.paper["size"]
        first = min(size * 2.9, pdf.epw * 0.3)
        for name, value in block["rows"]:
            if pdf.will_page_break(size):
                pdf.add_page()
            top, page = pdf.get_y(), pdf.page_no()
            self._write(name, size, SOFT, first)
            named = pdf.get_y()
            if pdf.page_no() == page:
                pdf.set_y(top)
            self._write(value, size, INK, pdf.epw - first, first)
            if pdf.page_no() == page:
                pdf.set_y(max(named, pdf.get_y()))

    def _code(self, block: dict[str, Any]) -> None:
        """A QR code, the lines beside it, and its address in letters."""
        pdf, size = self.pdf, self.paper["size"]
        ((address,), *texts) = block["rows"]
        top, indent = pdf.get_y(), QR_MM + 6
        self._qr(address, MARGIN, top)
        pdf.set_y(top + 2)
        for (text,) in texts:
            self._write(text, size, INK, pdf.epw - indent, indent)
        self._write(address, size - 2, SOFT, pdf.epw - indent, indent)
        pdf.set_y(max(top + QR_MM, pdf.get_y()))

    def _table(self, block: dict[str, Any]) -> None:
        pdf, size = self.pdf, self.paper["size"]
        pdf.set_font("Noto", size=size - 1)
        pdf.set_text_color(*INK)
        pdf.set_draw_color(*RULE)
        height = (size - 1) * 0.3528 * LINE
        most = int(pdf.eph / height) - 4  # the head of the table stands on each page
        with pdf.table(
            col_widths=block["shares"] or None,
            line_height=height,
            wrapmode="CHAR",
            first_row_as_headings=True,
            headings_style=_plain(SOFT),
            text_align="LEFT",
            padding=PADDING,
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            for row in block["rows"]:
                shares = block["shares"] or [1] * len(row)
                widths = [pdf.epw * share / sum(shares) - 2 * PADDING for share in shares]
                for part in _parts([self._folded(*cell).split("\n") for cell in zip(row, widths, strict=True)], most):
                    table.row(part)

    def _write(self, text: str, size: float, colour: tuple[int, int, int], width: float, indent: float = 0) -> None:
        pdf = self.pdf
        pdf.set_font("Noto", size=size)
        pdf.set_text_color(*colour)
        pdf.set_x(MARGIN + indent)
        pdf.multi_cell(
            width,
            size * 0.3528 * LINE,
            self._folded(text, width),
            align="L",
            wrapmode="CHAR",
            new_x="LMARGIN",
            new_y="NEXT",
        )


def _parts(cells: list[list[str]], most: int) -> Iterator[list[str]]:
    """A row of cells, each a list of lines, as rows of at most so many lines: one row cannot go over two pages."""
    for at in range(0, max(len(lines) for lines in cells), most):
        yield ["\n".join(lines[at : at + most]) for lines in cells]


def _plain(colour: tuple[int, int, int]) -> Any:
    from fpdf.fonts import FontFace

    return FontFace(family="Noto", emphasis="", color=colour)


def main() -> None:
    """Read a paper as JSON from standard input, write it as PDF to standard output."""
    import logging

    confine(LIMITS)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    sys.stdout.buffer.write(Press(json.load(sys.stdin)).set())


if __name__ == "__main__":
    main()
