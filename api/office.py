"""The assembled services: each room is built here, the lowest first, with the rooms below it and its ports.

In one file, so that the order in which the rooms are built is read from top to bottom.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any

import chat
import notifications
from api import ports, providers, reactions, release
from api.audit import routes as audit_routes
from api.audit import store as audit_store
from api.audit.security import store as alarm_store
from api.audit.security.service import SecurityEvents
from api.audit.service import Audit
from api.calendar import routes as calendar_routes
from api.calendar import store as calendar_store
from api.calendar.hours import parse_hours
from api.calendar.service import Calendar
from api.cases import routes as cases_routes
from api.cases import store as cases_store
from api.cases.case import ACTION_VERSION
from api.cases.documents import store as documents_store
from api.cases.promises import routes as promises_routes
from api.cases.promises import store as promises_store
from api.cases.promises.service import BrokenPromises
from api.cases.serials import store as serials_store
from api.cases.service import Cases
from api.cases.templates import routes as templates_routes
from api.cases.templates import store as templates_store
from api.cases.templates.service import ActTemplates
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
from api.identity.citizens.notice import Notice
from api.identity.ending import Ending
from api.identity.sealing.index_rotation import Blind, IndexRotation
from api.identity.sealing.keyring import Keyring
from api.identity.sealing.rotation import Rotation, Sealed
from api.identity.service import Identity, Policy
from api.identity.sessions import store as sessions_store
from api.identity.verifications import store as verifications_store
from api.jobs import routes as jobs_routes
from api.jobs import store as jobs_store
from api.jobs.idempotency import Idempotency
from api.jobs.job import SLOW_AT_ONCE
from api.jobs.ports import Handler, Reaction
from api.jobs.processes import Processes
from api.jobs.service import Jobs
from api.jobs.worker import Worker
from api.matters import routes as matters_routes
from api.matters import store as matters_store
from api.matters.publishing import Publishing
from api.matters.service import Matters
from api.operations.confirm import open_questions
from api.operations.migration import Shape, without_keys
from api.operations.service import KeyFloor, Migrations
from api.operations.store import OperationsStore
from api.parcels import routes as parcels_routes
from api.parcels import store as parcels_store
from api.parcels.service import Parcels
from api.reports import routes as reports_routes
from api.reports import store as reports_store
from api.reports.service import Reports
from api.settings import Settings
from api.storage.database import UNAVAILABLE, Database, Index, Seal
from api.times import BEIJING
from api.web import guard, metrics

STORES: tuple[Any, ...] = (
    *(
        audit_store,
        alarm_store,
        calendar_store,
        cases_store,
        documents_store,
        serials_store,
        promises_store,
        templates_store,
        circle_store,
    ),
    *(drafts_store, files_store),
    *(identity_store, sessions_store, verifications_store, jobs_store, matters_store, parcels_store, reports_store),
    *(chat, notifications),
)
"""The stores of all rooms: the modules with INDEXES, and SEALED and UPGRADES where they have any."""


def indexes() -> list[Index]:
    """The indexes of every store."""
    return [index for store in STORES for index in store.INDEXES]


def old_indexes() -> list[tuple[str, str]]:
    """The indexes of earlier releases that stand in the way of this one, of every store."""
    return [index for store in STORES for index in getattr(store, "OLD_INDEXES", ())]


def sealed() -> list[Sealed]:
    """The sealed fields of every store."""
    return [line for store in STORES for line in getattr(store, "SEALED", ())]


def blind() -> list[Blind]:
    """The blind indexes of every store."""
    return [line for store in STORES for line in getattr(store, "BLIND", ())]


def upgrades() -> list[Any]:
    """The upgrades of every store, each collection's in order."""
    return [upgrade for store in STORES for upgrade in getattr(store, "UPGRADES", ())]


def shape(seal: Seal = without_keys) -> Shape:
    """The document versions that this release writes, and the way to them from those of earlier releases.

    Upgrades seal with `seal`; without it the versions alone may be asked for.
    """
    steps = [(collection, partial(expand, seal=seal), drop) for collection, expand, drop in upgrades()]
    return Shape(release(), steps, {"case_actions": ACTION_VERSION})


def _notice(settings: Settings) -> Notice:
    """What this installation settles of the notice of personal information."""
    return Notice(
        handler=settings.office_name,
        contact=settings.office_contact,
        conversation_days=settings.chat_kept_days,
        sms_abroad=settings.twilio,
        wechat=bool(settings.wechat_app_id),
        tracking=bool(settings.kuaidi100_customer),
    )


class Office:
    """The services of all rooms and packages, as `app.extensions["circle"]` of an assembled app.

    Making one runs the migrations that are left and creates missing indexes; background work begins with `start`.
    """

    def __init__(
        self, settings: Settings, *, database: Database, keyring: Keyring, now: Callable[[], datetime], console: IO[str]
    ) -> None:
        self.settings, self.database, self.keyring, self.now = settings, database, keyring, now
        Migrations(OperationsStore(database), shape=shape(keyring.seal), now=now).run()
        database.ensure(indexes())
        database.drop_old(old_indexes())
        self._ground()
        self._log_ins_and_keys()
        self._catalogue()
        self._matters_of_people()
        self._tell_and_talk(console)
        self._background()

    def _ground(self) -> None:
        database, keyring, now = self.database, self.keyring, self.now
        rows = jobs_store.JobStore(database)
        self.jobs = Jobs(rows, now=now, ports=ports.filled(ports.of_jobs, self))
        self.once = Idempotency(rows, now=now)
        self.processes = Processes(rows, now=now, index_keys=keyring.index_keys)
        self.key_floor = KeyFloor(OperationsStore(database), keyring)
        self.audit = Audit(audit_store.AuditStore(database), now=now)
        self.security = SecurityEvents(
            self.audit, alarm_store.AlarmStore(database), now=now, ports=ports.filled(ports.of_security, self)
        )
        by_address = self.settings.codes_a_day if self.settings.pocket else self.settings.codes_an_address
        self.identity = Identity(
            identity_store.IdentityStore(database),
            sessions=sessions_store.SessionStore(database),
            verifications=verifications_store.VerificationStore(database),
            keyring=keyring,
            transact=database.transact,
            now=now,
            policy=Policy(
                trial=self.settings.lenient,
                codes_a_day=self.settings.codes_a_day,
                codes_an_address=by_address,
                staff_hours=self.settings.staff_login_hours,
                citizen_days=self.settings.citizen_login_days,
                notice=_notice(self.settings),
            ),
            ports=ports.filled(ports.of_identity, self),
        )
        self.calendar = Calendar(
            calendar_store.CalendarStore(database),
            transact=database.transact,
            record=self.audit.record,
            announce=self.jobs.announce,
            now=now,
        )
        self.files = Files(
            files_store.FileStore(database),
            keyring=keyring,
            audit=self.audit,
            enqueue=self.jobs.enqueue,
            hasten=self.jobs.hasten,
            transact=database.transact,
            now=now,
            ports=ports.filled(ports.of_files, self),
        )

    def _log_ins_and_keys(self) -> None:
        self.ending = Ending(
            identity_store.IdentityStore(self.database),
            identity_store.SealedRows(self.database),
            keyring=self.keyring,
            end_all=self.identity.sessions.end_all,
            record=self.audit.record,
        )
        self.rotation = Rotation(
            identity_store.SealedRows(self.database),
            keyring=self.keyring,
            sealed=sealed(),
            enqueue=self.jobs.enqueue,
            now=self.now,
        )
        self.index_rotation = IndexRotation(
            identity_store.SealedRows(self.database),
            keyring=self.keyring,
            listed=blind(),
            enqueue=self.jobs.enqueue,
            lacking=self.processes.lacking,
            move_floor=self.key_floor.move,
            now=self.now,
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

    def _broken_promises(self) -> BrokenPromises:
        return BrokenPromises(
            promises_store.BrokenPromiseStore(self.database),
            mandates=self.identity.mandates,
            keyring=self.keyring,
            audit=self.audit,
            transact=self.database.transact,
            now=self.now,
        )

    def _act_templates(self) -> ActTemplates:
        return ActTemplates(
            templates_store.ActTemplateStore(self.database),
            matters=self.matters,
            identity=self.identity,
            audit=self.audit,
            transact=self.database.transact,
            now=self.now,
        )

    def _matters_of_people(self) -> None:
        self.drafts = Drafts(
            drafts_store.DraftStore(self.database),
            matters=self.matters,
            files=self.files,
            enqueue=self.jobs.enqueue,
            mandates=self.identity.mandates,
            keyring=self.keyring,
            record=self.audit.record,
            transact=self.database.transact,
            now=self.now,
            ports=ports.filled(ports.of_drafts, self),
        )
        self.cases = Cases(
            cases_store.CaseStore(self.database),
            broken_promises=self._broken_promises(),
            templates=self._act_templates(),
            documents=documents_store.DocumentStore(self.database),
            drafts=self.drafts,
            matters=self.matters,
            files=self.files,
            identity=self.identity,
            calendar=self.calendar,
            audit=self.audit,
            security=self.security,
            keyring=self.keyring,
            desk_for=self.circle.desk_for,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
            claim_days=self.settings.claim_days,
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
            look=self.security.look,
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
            language_of=self.identity.language_of,
            sms=providers.sms(self.settings, console),
            push=lambda member, word: self.chat.live.push(member.partition(":")[2], dict(word)),
            record=self.audit.record,
            look=self.security.look,
            scope_of=ports.notices_seen_by,
            digest=self.keyring.lasting_digest,
            now=self.now,
        )
        self.notices.place_old(lambda link: ports.case_of_link(self, link))
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
            look=self.security.look,
            tell=self.notices.tell,
            transact=self.database.transact,
            announce=self.jobs.announce,
            now=self.now,
        )

    def _background(self) -> None:
        reacting = reactions.Reactions(
            self.cases,
            self.parcels,
            self.jobs,
            self.notices.tell,
            self.notices.follow_case,
            self.chat.ties.follow_draft,
            self.identity.staff_of,
        )
        self.reactions: Mapping[str, Sequence[Reaction]] = reacting.table()
        self.handlers: Mapping[str, Handler] = {
            **reactions.handlers(self.cases, self.parcels, self.drafts, self.files.check, reacting),
            **self.rotation.handlers(),
            **self.identity.handlers(),
            **self.index_rotation.handlers(),
            "audit.head": lambda slot: self.audit.log_head(),
        }
        queues = {
            "events": self.jobs.dispatch,
            "jobs": self.jobs.run_job,
            "slow jobs 1": self.jobs.run_slow_job,
            **{f"notices {name}": step for name, step in self.notices.steps.items()},
        }
        steps = {
            **queues,
            **{f"slow jobs {n}": self.jobs.run_slow_job for n in range(2, SLOW_AT_ONCE + 1)},
            "leases": self.jobs.keep,
            "schedule": self.jobs.schedule,
            "security": self.security.step,
            "audit": self.audit.seal,
            "calendar": self.calendar.follow,
            "chat": self.chat.step,
            "files": self.files.sweep,
            "circle": self.circle.follow,
            "matters": self.matters.follow,
            "processes": self.processes.renew,
            "keys": self.key_floor.follow,
        }
        self.worker = Worker(steps, now=self.now, woken=queues)
        self.database.after_commit(self.worker.nudge)

    def blueprints(self, web: guard.Http) -> list[Any]:
        """The Flask blueprints of every room and package."""
        return [
            jobs_routes.blueprint(self.jobs, web),
            audit_routes.blueprint(self.audit, self.security, web, ports.filled(ports.of_audit, self)),
            identity_routes.blueprint(self.identity, web),
            calendar_routes.blueprint(self.calendar, web),
            circle_routes.blueprint(self.circle, web),
            matters_routes.blueprint(self.matters, self.publishing, web, self.settings.public_base),
            files_routes.blueprint(self.files, web),
            drafts_routes.blueprint(self.drafts, web),
            cases_routes.blueprint(self.cases, web, self.settings.public_base),
            promises_routes.blueprint(self.cases.broken_promises, web),
            templates_routes.blueprint(self.cases.templates, self.cases.offers, web),
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
            metrics.Reading(
                "circle_security_events", "Security events of this process.", "act", lambda: self.security.noted, True
            ),
            metrics.Reading(
                "circle_security_alarms", "Alarms that this process rang.", "act", lambda: self.security.rung, True
            ),
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
        """Stop cleanly: begin no further work, write the posted messages, then stop the worker and what it began.

        After this no thread of ours needs the store.
        """
        self.worker.halt()
        self.chat.close()
        self.worker.stop()
        self.circle.generations.end()
        self.security.close()
        self.jobs.give_back()
        self.notices.give_back(self.now())
        self.processes.leave()
