"""The publishing service: drafts of versions, their checks, publication, and import and export of the catalogue."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from api.matters.catalogue import version as rules
from api.matters.catalogue.consistency import broken_rules
from api.matters.catalogue.publication import Check, checks
from api.matters.catalogue.version import Entry
from api.matters.guide.situation import Answers
from api.matters.service import Matters
from api.matters.staff_views import catalogue_line, draft_line, matches, version_id, version_line
from api.matters.store import VERSION, MatterStore
from api.refusals import BadFields, NotFound, Reason, Refusal, VersionStale
from api.times import BEIJING

OPERATOR = "operator"
"""Who publishes at the command line."""
NOT_OF_THE_ENTRY = frozenset({"_id", "v", "published"})
Row = dict[str, Any]


class DraftExists(Refusal):
    """The matter has a draft already, and it has one at a time."""

    code = "matter_draft_exists"
    zh = "这个事项已经有一份草稿，请接着改它，或先删掉它。"
    en = "This matter has a draft already. Go on with it, or drop it first."


class DraftUnfit(Refusal):
    """The draft fails a check; `errors` names the fields and what must hold."""

    code = "matter_draft_unfit"
    zh = "草稿还有几处不符合规则，没有发布。"
    en = "The draft breaks rules of the check list and was not published."


class DraftOvertaken(Refusal):
    """A version with the number of the draft was imported meanwhile."""

    code = "matter_draft_overtaken"
    zh = "别处已经发布了同一个版本号，请删掉这份草稿，在新版本上重新起草。"
    en = "A version of this number was published elsewhere. Drop this draft and begin from that version."


class Publishing:
    """Drafts, publishes, imports and exports versions of matters."""

    def __init__(
        self,
        store: MatterStore,
        *,
        matters: Matters,
        transact: Callable[[Callable[[Any], Any]], Any],
        announce: Callable[..., None],
        record: Callable[..., object],
        now: Callable[[], datetime],
    ) -> None:
        self._matters, self._store = matters, store
        self._transact, self._announce, self._record, self._now = transact, announce, record, now

    # -- looking ----------------------------------------------------------------

    def catalogue(self, question: Row, after: str | None, most: int) -> list[Row]:
        """Matters by code, with or without a published version, that pass the question's filters; at most `most`."""
        drafts = {row["code"]: row for row in self._store.drafts()}
        published = self._matters.versions()
        today, departments = self._today(), self._matters.departments
        lines = (
            catalogue_line(published.get(code, {}), drafts.get(code), departments, today)
            for code in sorted({*published, *drafts})
            if after is None or code > after
        )
        return [line for line in lines if matches(line, question)][:most]

    def versions(self, code: str) -> list[Row]:
        """The versions of a matter, the newest first, a draft before all. Raises NotFound."""
        published = self._matters.versions().get(code, {})
        draft = next((row for row in self._store.drafts() if row["code"] == code), None)
        if not published and draft is None:
            raise NotFound
        lines = [version_line(version, published, self._today()) for version in published.values()]
        return [*([draft_line(draft)] if draft else []), *reversed(lines)]

    def version(self, code: str, number: int) -> Row:
        """A version or draft in full: its entry, the checks, and the differences from the version before.

        Raises NotFound.
        """
        published = self._matters.versions().get(code, {})
        version, draft = published.get(number), None
        if version is None:
            draft = self._store.draft(version_id(code, number))
            if draft is None:
                raise NotFound
            line, entry = draft_line(draft), draft["entry"]
        else:
            line, entry = version_line(version, published, self._today()), _entry(version.record)
        before = self._before(code, number)
        checks = self._checks(entry, before) if draft else _checks_of_published(entry)
        return {
            **line,
            "inherited": self._matters.inherited(code, number),
            "entry": entry,
            "check": [asdict(check) for check in checks],
            "differences": [asdict(row) for row in rules.differences(before, entry)] if before else [],
        }

    def preview(self, code: str, number: int, answers: Answers) -> Row:
        """The guide that a version or draft would have if it were in force.

        Raises NotFound, BadFields for an answer that is not offered, DraftUnfit where the situations in it are unsound.
        """
        row = self._store.draft(version_id(code, number))
        entry = row["entry"] if row else _entry(self._matters.matter(code, number).record)
        _require(self._matters.situation_checks(entry))
        return self._matters.preview(entry, answers)

    def open_drafts(self) -> list[str]:
        """The drafts that are not published yet, one line each."""
        return [f"{row['code']} {row['entry']['name']}: version {row['version']}" for row in self._store.drafts()]

    # -- drafting ---------------------------------------------------------------

    def begin(self, by: str, code: str, values: Row, ref: str) -> Row:
        """Begin a draft of a matter's next version: its newest version with these values; for a new matter, BLANK.

        `ref` is the id of the request. Raises DraftExists, and BadFields for a new matter without a name.
        """
        before = self._before(code)
        if before is None and not re.match(rules.CODE, code):
            raise BadFields({"code": ["编码由三到四十个字母、数字、汉字和短横组成。"]})
        if before is None and not values.get("name"):
            raise BadFields({"name": ["新事项要先有名称。"]})
        number = before["version"] + 1 if before else 1
        kept = rules.keyed((before or rules.BLANK)["materials"])
        entry = {**(before or rules.BLANK), "materials": kept, **values, **_validity(values)}
        entry |= {"code": code, "version": number, "materials": rules.keyed(entry["materials"], kept)}
        row = {
            "_id": version_id(code, number),
            "v": VERSION,
            "code": code,
            "version": number,
            "edit": 1,
            "entry": entry,
            "ref": ref,
        }
        row |= {"by": by, "at": self._now()}

        def write(session: Any) -> None:
            exists = any(other["code"] == code for other in self._store.drafts(session))
            if exists or not self._store.add_draft(session, row):
                raise DraftExists
            self._record(by, "matter.draft", f"matter:{row['_id']}", session=session)

        self._transact(write)
        return self.version(code, number)

    def created(self, ref: str) -> Row:
        """The draft that an earlier try of the request `ref` began, published since or not. Raises NotFound."""
        versions = self._matters.versions().values()
        published = (version.record for of_matter in versions for version in of_matter.values())
        begun: list[Entry] = [row for row in self._store.drafts() if row["ref"] == ref]
        begun += [row for row in published if row.get("published", {}).get("ref") == ref]
        if not begun:
            raise NotFound
        return self.version(begun[0]["code"], begun[0]["version"])

    def change(self, by: str, code: str, number: int, edit: int, values: Row) -> Row:
        """Change fields of a draft if it still has this edit number. Raises NotFound and VersionStale."""

        def write(session: Any) -> None:
            row = self._draft_at(session, code, number, edit)
            entry = {**row["entry"], **values}
            entry["materials"] = rules.keyed(entry["materials"], self._materials_before(code, number, session))
            changed = {"entry": entry, "edit": edit + 1, "by": by, "at": self._now()}
            self._store.change_draft(session, row["_id"], edit, changed)
            self._record(by, "matter.change", f"matter:{row['_id']}", session=session)

        self._transact(write)
        return self.version(code, number)

    def drop(self, by: str, code: str, number: int, edit: int) -> None:
        """Delete a draft if it still has this edit number. Raises NotFound and VersionStale."""

        def write(session: Any) -> None:
            row = self._draft_at(session, code, number, edit)
            self._store.remove_draft(session, row["_id"])
            self._record(by, "matter.drop", f"matter:{row['_id']}", session=session)

        self._transact(write)

    # -- publishing ---------------------------------------------------------------

    def publish(self, by: str, code: str, number: int, edit: int) -> Row:
        """Publish a draft if it still has this edit number; idempotent.

        Raises NotFound, VersionStale, DraftOvertaken, and DraftUnfit with all failed checks.
        """
        self._transact(lambda session: self._publish(session, by, (code, number, edit)))
        self._matters.follow(self._now())
        return self.version(code, number)

    def _publish(self, session: Any, by: str, which: tuple[str, int, int]) -> None:
        code, number, edit = which
        version = self._store.version(version_id(code, number), session)
        if version and version.get("published", {}).get("edit") == edit:
            return  # by an earlier try, or by somebody else who saw the same draft
        row = self._draft_at(session, code, number, edit)
        today = self._today()
        before = self._before(row["code"], session=session)
        if before and before["version"] >= row["version"]:
            raise DraftOvertaken
        _require(self._checks(row["entry"], before))
        entry = rules.begun_on(row["entry"], today)
        published = {"by": by, "at": self._now(), "edit": row["edit"], "ref": row["ref"]}
        self._store.add([{**entry, "published": published}], session)
        self._store.remove_draft(session, row["_id"])
        self._record(by, "matter.publish", f"matter:{row['_id']}", session=session)
        self._announce(session, "matter.published", row["code"], version=row["version"], valid_from=entry["valid_from"])

    # -- files ----------------------------------------------------------------------

    def export(self) -> list[Row]:
        """Every published version, by code and number, as `load` imports it."""
        return [_entry(row) for row in self._store.versions()]

    def bring_in(self, by: str, entries: list[Row]) -> Row:
        """Import a catalogue as `load` does, and return the counts. Raises BadFields with all errors."""
        before = len(self._store.versions())
        if wrong := self.load(entries, by):
            raise BadFields({"items": wrong})
        added = len(self._store.versions()) - before
        return {"added": added, "passed_over": len(entries) - added}

    def load(self, entries: Iterable[Entry], by: str = OPERATOR) -> list[str]:
        """Publish the versions that do not exist yet, all or none; existing ones with the same content are skipped.

        Returns the errors, one line each; where there are any, nothing was changed.
        """
        given = list(entries)
        unsound = self._unsound(given)
        wrong: list[str] = []

        def write(session: Any) -> None:
            wrong.clear()
            stored = {row["_id"]: _entry(row) for row in self._store.versions(session)}
            fresh = [entry for entry in given if stored.get(version_id(entry["code"], entry["version"])) != entry]
            wrong.extend(line for entry in fresh for line in _unfit(entry, stored))
            wrong.extend(line for entry in fresh for line in unsound[version_id(entry["code"], entry["version"])])
            if fresh and not wrong:
                published = {"by": by, "at": self._now(), "edit": 0}
                self._store.add([{**entry, "published": published} for entry in fresh], session)
                for entry in fresh:
                    self._record(
                        by, "matter.load", f"matter:{version_id(entry['code'], entry['version'])}", session=session
                    )
                self._announce(session, "matters.loaded", "matters", count=len(fresh))

        self._transact(write)
        self._matters.follow(self._now())
        return wrong

    def _unsound(self, given: list[Entry]) -> dict[str, list[str]]:
        """The failed checks of the situations and forms that entries carry, by version."""
        codes = [entry["code"] for entry in given]
        failed = {}
        for entry in given:
            key = version_id(entry["code"], entry["version"])
            checks = self._matters.content_checks(entry, codes)
            failed[key] = [f"{key}: {check.words}" for check in checks if not check.holds]
        return failed

    # -- helpers ----------------------------------------------------------------------

    def _checks(self, entry: Row, before: Row | None) -> list[Check]:
        return [*checks(entry, before, self._today()), *self._matters.content_checks(entry)]

    def _today(self) -> date:
        return self._now().astimezone(BEIJING).date()

    def _before(self, code: str, number: int | None = None, session: Any = None) -> Row | None:
        """The entry of the newest published version, or of the newest before `number`; None where there is none."""
        rows = [row for row in self._store.versions(session, code) if number is None or row["version"] < number]
        return _entry(rows[-1]) if rows else None

    def _materials_before(self, code: str, number: int, session: Any) -> list[Row]:
        before = self._before(code, number, session)
        return rules.keyed(before["materials"]) if before else []

    def _draft_at(self, session: Any, code: str, number: int, edit: int) -> Row:
        row = self._store.draft(version_id(code, number), session)
        if row is None:
            if self._store.version(version_id(code, number), session):
                raise VersionStale
            raise NotFound
        if row["edit"] != edit:
            raise VersionStale
        return row


def _entry(row: Entry) -> Row:
    """The catalogue entry of a stored row."""
    return {name: value for name, value in row.items() if name not in NOT_OF_THE_ENTRY}


def _validity(values: Row) -> Row:
    return {name: values.get(name) for name in ("valid_from", "valid_until")}


def _require(checks: list[Check]) -> None:
    """Raise DraftUnfit with the checks that do not hold."""
    errors: dict[str, list[str]] = {}
    for check in checks:
        if not check.holds:
            errors.setdefault(check.fields[0] if check.fields else "version", []).append(
                Reason(check.words, check.words_en)
            )
    if errors:
        raise DraftUnfit(errors)


def _checks_of_published(entry: Entry) -> list[Check]:
    """The checks of a published version: those of its content, not of its validity."""
    return [
        check
        for check in checks(entry, None, date.min)
        if not check.fields or check.fields[0] not in ("valid_from", "valid_until")
    ]


def _unfit(entry: Entry, stored: Mapping[str, Entry]) -> list[str]:
    """Why an entry cannot be imported beside the stored ones, one line each."""
    key = version_id(entry["code"], entry["version"])
    if key in stored:
        return [
            Reason(
                f"{key}: 这一版已经在了，内容不同；已发布的版本不会改", f"{key}: is there otherwise, and never changed"
            )
        ]
    last = max((row["version"] for row in stored.values() if row["code"] == entry["code"]), default=0)
    older = Reason(f"{key}: 已经有第 {last} 版，比它新", f"{key}: is older than version {last}")
    broken = [Reason(f"{key}: {rule.words}", f"{key}: {rule.words_en}") for rule in broken_rules(entry)]
    return [*([] if entry["version"] > last else [older]), *broken]
