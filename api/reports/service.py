"""The use cases of reports: report an error, list reports, settle one and notify the reporter."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from api.identity.sealing.keyring import Keyring
from api.refusals import BadFields, NotFound
from api.reports.report import DAY, MOST_A_DAY, ReportSettled, TooManyReports, about_of
from api.reports.store import ReportStore

Row = dict[str, Any]


class Reporter(Protocol):
    """The reporter: somebody logged in, or an anonymous caller (without roles)."""

    @property
    def id(self) -> str: ...

    @property
    def roles(self) -> frozenset[str]: ...


class Reports:
    """Reports of errors in service points and matters."""

    def __init__(
        self,
        store: ReportStore,
        *,
        keyring: Keyring,
        name_of: dict[str, Callable[[str], str]],
        record: Callable[..., object],
        tell: Callable[..., object],
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        now: Callable[[], datetime],
    ) -> None:
        """`name_of` gives by kind (point, matter) the name of the thing with an id, or raises NotFound."""
        self._store, self._keyring, self._name_of = store, keyring, name_of
        self._record, self._tell = record, tell
        self._transact, self._announce, self._now = transact, announce, now

    def add(self, reporter: Reporter, report_id: str, body: Row) -> Row:
        """Store a new report. Raises BadFields and TooManyReports."""
        about = about_of(body["about"])
        if about is None or self._name(str(about)) is None:
            raise BadFields({"about": ["没有这个服务点或事项。写法：point:编号，或 matter:事项编码。"]})
        origin = self._keyring.index("report.origin", reporter.id)
        now = self._now()
        if self._store.count_since(origin, now - DAY) >= MOST_A_DAY:
            raise TooManyReports(retry_after=int(DAY.total_seconds()))
        row = {"_id": report_id, "v": 1, "about": str(about), "at": now, "state": "open"}
        row["origin"] = self._keyring.index_to_store("report.origin", reporter.id)
        text = self._keyring.seal(report_id, "text", body["text"].strip())

        def write(session: Any) -> None:
            self._store.add(session, {**row, "by": _recipient(reporter), "text": text})
            self._announce(session, "report.made", report_id, about=str(about))

        self._transact(write)
        return _receipt(row)

    def receipt(self, report_id: str) -> Row:
        """The receipt of a report that an earlier try stored. Raises NotFound."""
        return _receipt(self._row(report_id))

    def listed(self, actor_id: str, state: str, after: str | None, most: int) -> list[Row]:
        """Reports in a state, oldest first; they may hold personal data, so the read is audited."""
        rows = self._store.listed(state, after, most)
        if rows:
            self._record(actor_id, "read_unmasked", "reports")
        return [self._face(row) for row in rows]

    def settle(self, actor_id: str, report_id: str, settlement: Row) -> Row:
        """Settle an open report with an outcome and words for the reporter. Raises NotFound and ReportSettled."""
        row = self._row(report_id)
        settled = {**settlement, "settled_by": actor_id, "settled_at": self._now(), "origin": None}
        values = {"about": self._name(row["about"]) or row["about"], "words": settlement["words"]}

        def write(session: Any) -> None:
            before = self._store.settle(session, report_id, settled)
            if before is None:
                raise ReportSettled
            self._record(actor_id, f"report.{settlement['outcome']}", f"report:{report_id}", session=session)
            self._announce(session, "report.settled", report_id, outcome=settlement["outcome"])
            if before["by"]:
                self._tell(before["by"], "report_settled", values, key=f"report:{report_id}", session=session)

        self._transact(write)
        return self._face(self._row(report_id))

    def open_lines(self) -> list[str]:
        """Open reports for `circle check`, one line each: subject and date, without the text."""
        return [f"{row['about']} {row['at']:%Y-%m-%d} ({row['_id']})" for row in self._store.open()]

    def of(self, reporter: Reporter) -> list[Row]:
        """All reports of a person, for the export of their own data."""
        keys = ("id", "about", "text", "at", "state", "outcome", "words")
        faces = (self._face(row) for row in self._store.of(f"citizen:{reporter.id}"))
        return [{key: face[key] for key in keys} for face in faces]

    def forget(self, reporter: Reporter) -> None:
        """Remove the link between a citizen and their reports; the texts stay."""
        self._store.forget(f"citizen:{reporter.id}")

    def _row(self, report_id: str) -> Row:
        row = self._store.report(report_id)
        if row is None:
            raise NotFound
        return row

    def _name(self, about_text: str) -> str | None:
        about = about_of(about_text)
        try:
            return self._name_of[about.kind](about.id) if about else None
        except NotFound:
            return None

    def _face(self, row: Row) -> Row:
        later = {key: row.get(key) for key in ("outcome", "words", "settled_by", "settled_at")}
        text = self._keyring.open_sealed(row["_id"], "text", row["text"])
        return {**_receipt(row), "name": self._name(row["about"]), "text": text, "told": bool(row["by"]), **later}


def _receipt(row: Row) -> Row:
    return {"id": row["_id"], **{key: row[key] for key in ("about", "at", "state")}}


def _recipient(reporter: Reporter) -> str | None:
    """Who gets the notice of the settlement; None for an anonymous reporter."""
    if not reporter.roles:
        return None
    return f"citizen:{reporter.id}" if "citizen" in reporter.roles else f"staff:{reporter.id}"
