"""The assembled services: each room is built here, the lowest first, with the rooms below it and its ports."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any

import chat
import notifications
from api import ports, providers, reactions, release
from api.audit import routes as audit_routes
from api.audit import store as audit_store
from api.audit.service import Audit
from api.calendar import routes as calendar_routes
from api.calendar import store as calendar_store
from api.calendar.hours import parse_hours
from api.calendar.service import Calendar
from api.cases import routes as cases_routes
from api.cases import store as cases_store
from api.cases.case import ACTION_VERSION
from api.cases.service import Cases
from api.circle import routes as circle_routes
from api.circle import store as circle_store
from api.circle.service import Circle
from api.drafts import routes as drafts_routes
from api.drafts import store as drafts_store
from api.drafts.service import Drafts
from api.files import routes as files_routes
from api.files import store as files_store
from api.files.service import Files
from api.identity import routes as identity_routes
from api.identity import store as identity_store
from api.identity.sealing.keyring import Keyring
from api.identity.sealing.rotation import Rotation, Sealed
from api.identity.service import Identity, Policy
from api.identity.verifications import store as verifications_store
from api.jobs import routes as jobs_routes
from api.jobs import store as jobs_store
from api.jobs.idempotency import Idempotency
from api.jobs.ports import Handler, Reaction
from api.jobs.processes import Processes
from api.jobs.service import Jobs
from api.jobs.worker import Worker
from api.matters import routes as matters_routes
from api.matters import store as matters_store
from api.matters.publishing import Publishing
from api.matters.service import Matters
from api.operations.confirm import open_questions
from api.operations.migration import Shape
from api.operations.service import Migrations
from api.operations.store import OperationsStore
from api.parcels import routes as parcels_routes
from api.parcels import store as parcels_store
from api.parcels.service import Parcels
from api.reports import routes as reports_routes
from api.reports import store as reports_store
from api.reports.service import Reports
from api.settings import Settings
from api.storage.database import UNAVAILABLE, Database, Index
from api.times import BEIJING
from api.web import guard, metrics

STORES: tuple[Any, ...] = (
    *(audit_store, calendar_store, cases_store, circle_store, drafts_store, files_store),
    *(
        identity_store,
        verifications_store,
        jobs_store,
        matters_store,
        parcels_store,
        reports_store,
        chat,
        notifications,
    ),
)
"""The stores of all rooms: the modules with INDEXES, and SEALED and UPGRADES where they have any."""


def indexes() -> list[Index]:
    """The indexes of every store."""
    return [index for store in STORES for index in store.INDEXES]


def sealed() -> list[Sealed]:
    """The sealed fields of every store."""
    return [line for store in STORES for line in getattr(store, "SEALED", ())]


def upgrades() -> list[Any]:
    """The upgrades of every store, each collection's in order."""
    return [upgrade for store in STORES for upgrade in getattr(store, "UPGRADES", ())]


def shape() -> Shape:
    """The document versions that this release writes, and the way to them from those of earlier releases."""
    return Shape(release(), upgrades(), {"case_actions": ACTION_VERSION})


class Office:
    """The services of all rooms and packages, as `app.extensions["circle"]` of an assembled app.

    Making one runs the migrations that are left and creates missing indexes; background work begins with `start`.
    """

    def __init__(
        self, settings: Settings, *, database: Database, keyring: Keyring, now: Callable[[], datetime], console: IO[str]
    ) -> None:
        self.settings, self.database, self.keyring, self.now = settings, database, keyring, now
        Migrations(OperationsStore(database), shape=shape(), now=now).run()
        database.ensure(indexes())
        self._ground()
        self._catalogue()
        self._matters_of_people()
        self._tell_and_talk(console)
        self._background()

    def _ground(self) -> None:
        database, keyring, now = self.database, self.keyring, self.now
        rows = jobs_store.JobStore(database)
        self.jobs = Jobs(rows, now=now, ports=ports.filled(ports.of_jobs, self))
        self.once, self.processes = Idempotency(rows, now=now), Processes(rows, now=now)
        self.audit = Audit(audit_store.AuditStore(database), now=now)
        by_address = self.settings.codes_a_day if self.settings.pocket else self.settings.codes_an_address
        self.identity = Identity(
            identity_store.IdentityStore(database),
            verifications=verifications_store.VerificationStore(database),
            keyring=keyring,
            transact=database.transact,
            now=now,
            policy=Policy(
                trial=self.settings.lenient, codes_a_day=self.settings.codes_a_day, codes_an_address=by_address
            ),
            ports=ports.filled(ports.of_identity, self),
        )
        self.rotation = Rotation(
            identity_store.SealedRows(database),
            keyring=keyring,
            sealed=sealed(),
            enqueue=self.jobs.enqueue,
            now=now,
        )
        self.calendar = Calendar(
            calendar_store.CalendarStore(database),
            transact=database.transact,
            record=self.audit.record,
            now=now,
        )
        self.files = Files(
            files_store.FileStore(database),
            keyring=keyring,
            audit=self.audit,
            enqueue=self.jobs.enqueue,
            transact=database.transact,
            now=now,
            ports=ports.filled(ports.of_files, self),
        )

    def _catalogue(self) -> None:
        versions = matters_store.MatterStore(self.database)
        self.matters = Matters(versions, due=self.calendar.due, now=self.now)
        self.matters.start()
        self.publishing = Publishing(
            versions,
            matters=self.matters,
            record=self.audit.record,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
        )
        self.circle = Circle(
            circle_store.CircleStore(self.database),
            folder=self.settings.var / "networks",
            opening=self.calendar.opening,
            check_hours=parse_hours,
            matter=self.matters.entry,
            codes=self.matters.codes,
            record=self.audit.record,
            hosts="several" if self.settings.mongodb_uri else "one",
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
            ports=ports.filled(ports.of_circle, self),
        )
        self.circle.start()

    def _matters_of_people(self) -> None:
        self.drafts = Drafts(
            drafts_store.DraftStore(self.database),
            matters=self.matters,
            files=self.files,
            mandates=self.identity.mandates,
            keyring=self.keyring,
            record=self.audit.record,
            transact=self.database.transact,
            now=self.now,
            ports=ports.filled(ports.of_drafts, self),
        )
        self.cases = Cases(
            cases_store.CaseStore(self.database),
            drafts=self.drafts,
            matters=self.matters,
            files=self.files,
            identity=self.identity,
            calendar=self.calendar,
            audit=self.audit,
            keyring=self.keyring,
            desk_for=self.circle.desk_for,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
            ports=ports.filled(ports.of_cases, self),
        )
        self.cases.start()
        self.parcels = Parcels(
            parcels_store.ParcelStore(self.database),
            cases=self.cases,
            keyring=self.keyring,
            trackers=providers.trackers(self.settings, self.jobs, self.now),
            enqueue=self.jobs.enqueue,
            record=self.audit.record,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
        )
        self.parcels.start()

    def _tell_and_talk(self, console: IO[str]) -> None:
        self.notices = notifications.Notifications(
            self.database,
            seal=self.keyring.seal,
            open_sealed=self.keyring.open_sealed,
            address_of=self.identity.address_of,
            sms=providers.sms(self.settings, console),
            push=lambda member, word: self.chat.live.push(member.partition(":")[2], dict(word)),
            record=self.audit.record,
            now=self.now,
        )
        self.chat: chat.Chat = chat.Chat(
            self.database,
            ports=ports.filled(ports.of_chat, self),
            now=self.now,
            posts_a_minute=self.settings.posts_a_minute,
            kept=timedelta(days=self.settings.chat_kept_days),
        )
        self.reports = Reports(
            reports_store.ReportStore(self.database),
            keyring=self.keyring,
            name_of={
                "point": lambda point_id: self.circle.point(point_id).name,
                "matter": lambda code: str(self.matters.entry(code)["name"]),
            },
            record=self.audit.record,
            tell=self.notices.tell,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
        )

    def _background(self) -> None:
        self.reactions: Mapping[str, Sequence[Reaction]] = reactions.Reactions(
            self.cases, self.parcels, self.jobs, self.notices.tell, self.chat.ties.follow_draft
        ).table()
        self.handlers: Mapping[str, Handler] = {
            **reactions.handlers(self.cases, self.parcels, self.files.check),
            **self.rotation.handlers(),
            **self.identity.handlers(),
            "audit.head": lambda slot: self.audit.log_head(),
        }
        steps = {
            "events": self.jobs.dispatch,
            "jobs": self.jobs.run_job,
            "leases": self.jobs.keep,
            "schedule": self.jobs.schedule,
            "audit": self.audit.seal,
            "calendar": self.calendar.follow,
            "notices": self.notices.step,
            "chat": self.chat.step,
            "files": self.files.sweep,
            "circle": self.circle.follow,
            "matters": self.matters.follow,
            "processes": self.processes.renew,
        }
        self.worker = Worker(steps, now=self.now)
        self.database.after_commit(self.worker.nudge)

    def blueprints(self, web: guard.Http) -> list[Any]:
        """The Flask blueprints of every room and package."""
        return [
            jobs_routes.blueprint(self.jobs, web),
            audit_routes.blueprint(self.audit, web),
            identity_routes.blueprint(self.identity, web),
            calendar_routes.blueprint(self.calendar, web),
            circle_routes.blueprint(self.circle, web),
            matters_routes.blueprint(self.matters, self.publishing, web, self.settings.public_base),
            files_routes.blueprint(self.files, web),
            drafts_routes.blueprint(self.drafts, web),
            cases_routes.blueprint(self.cases, web, self.settings.public_base),
            parcels_routes.blueprint(self.parcels, web),
            reports_routes.blueprint(self.reports, web),
            chat.blueprint(self.chat, web),
            notifications.blueprint(self.notices, web),
        ]

    def open_questions(self) -> dict[str, list[str]]:
        """What the district must still confirm, by heading."""
        matters = [self.matters.face(code) for code in self.matters.codes()]
        today = self.now().astimezone(BEIJING).date()
        points, known = self.circle.points(), self.calendar.working.known_years
        strays = self.matters.without_department()
        wrong, drafts = self.matters.contradictions(), self.publishing.open_drafts()
        confirm = open_questions(points, matters, strays, wrong, drafts, known, today)
        return {
            "desks that are closed and still in use": self.circle.left_behind(),
            **confirm,
            "open reports that something is wrong": self.reports.open_lines(),
        }

    def readings(self) -> list[metrics.Reading]:
        """The gauges that `/metrics` reads on demand."""

        def lag(of: str) -> Callable[[], dict[str, float]]:
            return lambda: {name: row[of] for name, row in self.jobs.lag(self.now()).items()}

        return [
            metrics.Reading("circle_store_up", "1 where the store takes a write.", "store", self._store_up),
            metrics.Reading("circle_jobs_lag_seconds", "Age of the oldest due work.", "of", lag("oldest_seconds")),
            metrics.Reading("circle_jobs_due", "Work that is due.", "of", lag("due")),
            metrics.Reading("circle_jobs_parked", "Work that waits for a person.", "of", lag("parked")),
            metrics.Reading("circle_notices", "Notices by state, each on its channel.", "state", self.notices.counts),
            metrics.Reading("circle_sockets", "Open connections of this process.", "namespace", self._sockets),
        ]

    def _sockets(self) -> dict[str, float]:
        return {"/chat": self.chat.live.connected()}

    def _store_up(self) -> dict[str, float]:
        try:
            self.database.probe()
        except UNAVAILABLE:
            return {"store": 0}
        return {"store": 1}

    def start(self) -> None:
        """Register this process if it uses MONGODB_URI, then start its background work. Raises SecondProcess."""
        if self.settings.mongodb_uri:  # the embedded store's lock lets in one process alone
            self.processes.enter(joined=bool(self.settings.redis_url))
        self.worker.start()

    def stop(self) -> None:
        """Stop cleanly: first write the posted messages, then stop the worker."""
        self.chat.close()
        self.worker.stop()
        self.jobs.give_back()
        self.processes.leave()
