"""The collections `case_documents` (what was numbered) and `case_papers` (the bytes that were given out, written once).

Stored documents are read into `CaseDocument` here and nowhere else.
"""

from dataclasses import asdict
from datetime import datetime

from api.calendar.day_words import TwoLanguages
from api.cases.documents.document import CaseDocument
from api.storage.database import Database, Document, Index

INDEXES: list[Index] = [
    ("case_documents", [("case", 1), ("seq", 1)], {}),
    ("case_documents", [("code", 1)], {"unique": True}),
    ("case_documents", [("number", 1)], {"unique": True}),
    ("case_papers", [("case", 1), ("seq", 1)], {}),
]

SEALED = [("case_documents", ("text",)), ("case_papers", ("content",))]


class DocumentStore:
    """Numbered documents and their bytes."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of_case(self, case_id: str) -> list[CaseDocument]:
        """The documents of a case, in the order of their acts."""
        return [_document(row) for row in self._db["case_documents"].find({"case": case_id}).sort("seq", 1)]

    def by_code(self, code: str) -> CaseDocument | None:
        """The document with this verification code."""
        row = self._db["case_documents"].find_one({"code": code})
        return _document(row) if row else None

    def keep(self, document: CaseDocument, at: datetime) -> CaseDocument:
        """Keep a document for ever, and return that of its act: this, or an earlier one."""
        row = asdict(document) | {"title": document.title.zh, "title_en": document.title.en, "v": 1, "made_at": at}
        return _document(self._db.put("case_documents", {"_id": row.pop("id"), **row}))

    # -- bytes --------------------------------------------------------------------------

    def content(self, document_id: str) -> bytes | None:
        """The sealed bytes that were given out, or None."""
        row = self._db["case_papers"].find_one({"_id": document_id})
        return row["content"] if row else None

    def keep_content(self, document: CaseDocument, sealed: bytes, digest: str, at: datetime) -> bytes:
        """Keep the sealed bytes of a document for ever, and return those that are kept: these, or earlier ones."""
        row = {"_id": document.id, "v": 1, "case": document.case, "seq": document.seq, "content": sealed, "at": at}
        return bytes(self._db.put("case_papers", row | {"sha256": digest})["content"])

    def digests(self, case_id: str) -> dict[str, str | None]:
        """By id, the SHA-256 of the bytes that were given out in a case; None where an earlier release kept no hash."""
        rows = self._db["case_papers"].find({"case": case_id}, {"sha256": 1})
        return {row["_id"]: row.get("sha256") for row in rows}


def _document(row: Document) -> CaseDocument:
    return CaseDocument(
        id=row["_id"],
        case=row["case"],
        seq=row["seq"],
        act=row["act"],
        kind=row["kind"],
        number=row["number"],
        code=row["code"],
        title=TwoLanguages(row["title"], row["title_en"]),
        matter=row["matter"],
        at=row["at"],
        hand_over_by=row["hand_over_by"],
        corrects=row["corrects"],
        text=row["text"],
    )
