"""The one place where everything meets: rooms, packages, reactions and the worker become one Flask app."""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from flask import Flask, Response

import chat
import notifications
from api import own_data, pdf, reactions, release
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
from api.identity.citizens.register import ConsoleRegister, Register
from api.identity.citizens.wechat import ConsoleWeChat, MiniProgram, WeChat
from api.identity.sealing.keyring import Keyring
from api.identity.sealing.rotation import Rotation, Sealed
from api.identity.service import Identity, Policy, Ports
from api.jobs import routes as jobs_routes
from api.jobs import store as jobs_store
from api.jobs.service import Idempotency, Jobs, Processes, Worker
from api.matters import routes as matters_routes
from api.matters import store as matters_store
from api.matters.publishing import Publishing
from api.matters.service import Matters
from api.operations.confirm import open_questions
from api.operations.migration import Shape
from api.operations.service import Migrations, open_keys
from api.operations.store import OperationsStore
from api.pages import routes as pages_routes
from api.parcels import routes as parcels_routes
from api.parcels import store as parcels_store
from api.parcels.carriers import Tracker
from api.parcels.carriers.console import ConsoleCarrier
from api.parcels.carriers.kuaidi100 import Kuaidi100
from api.parcels.service import Parcels
from api.refusals import NotFound, Refusal
from api.reports import routes as reports_routes
from api.reports import store as reports_store
from api.reports.service import Reports
from api.settings import Settings, is_loopback
from api.storage.database import UNAVAILABLE, Database, Index
from api.times import BEIJING
from api.web import bodies, edge, guard, metrics, openapi, problems
from api.web.limits import Limits


def utc_now() -> datetime:
    """The present, to the millisecond: what the store can keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Office:
    """The assembled services, from the ground up: each is given what lies below it.

    The command line, the server and the tests find it as `app.extensions["circle"]`.
    """

    def __init__(
        self, settings: Settings, database: Database, keyring: Keyring, now: Callable[[], datetime], console: IO[str]
    ) -> None:
        self.settings, self.database, self.keyring, self.now = settings, database, keyring, now
        Migrations(OperationsStore(database), shape(), now).run()
        database.ensure(_indexes())
        rows = jobs_store.JobStore(database)
        self.jobs, self.once = Jobs(rows, now), Idempotency(rows, now)
        self.processes = Processes(rows, now)
        self._write: dict[str, Any] = {"transact": database.transact, "announce": self.jobs.announce, "now": now}
        self._ground()
        self._catalogue()
        self._matters_of_people()
        self._tell_and_talk(console)
        self._background()

    def _ground(self) -> None:
        database, keyring, now = self.database, self.keyring, self.now
        self.audit = Audit(audit_store.AuditStore(database), now)
        self.jobs.record = self.audit.record
        self.identity = Identity(
            identity_store.IdentityStore(database),
            keyring,
            database.transact,
            now,
            Policy(
                trial=self.settings.lenient,
                codes_a_day=self.settings.codes_a_day,
                codes_an_address=self.settings.codes_a_day if self.settings.pocket else self.settings.codes_an_address,
            ),
            Ports(audit=self.audit.record, wechat=_wechat(self.settings), register=_register(self.settings)),
        )
        self.rotation = Rotation(identity_store.SealedRows(database), keyring, self.jobs.enqueue, now)
        self.rotation.sealed = _sealed()
        rows = calendar_store.CalendarStore(database)
        self.calendar = Calendar(rows, transact=database.transact, record=self.audit.record, now=now)
        self.files = Files(
            files_store.FileStore(database), keyring, self.audit, self.jobs.enqueue, database.transact, now
        )

    def _catalogue(self) -> None:
        versions = matters_store.MatterStore(self.database)
        self.matters = Matters(versions, due=self.calendar.due, now=self.now)
        self.matters.start()
        self.publishing = Publishing(self.matters, versions, record=self.audit.record, **self._write)
        self.circle = Circle(
            circle_store.CircleStore(self.database),
            self.settings.var / "networks",
            opening=self.calendar.opening,
            check_hours=parse_hours,
            matter=self.matters.entry,
            codes=self.matters.codes,
            record=self.audit.record,
            hosts="several" if self.settings.mongodb_uri else "one",
            **self._write,
        )
        self.circle.start()

    def _matters_of_people(self) -> None:
        rows = drafts_store.DraftStore(self.database)
        self.drafts = Drafts(
            rows,
            self.matters,
            self.files,
            self.keyring,
            self.now,
            self.identity.mandates,
            transact=self.database.transact,
            record=self.audit.record,
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
            **self._write,
        )
        self.cases.start()
        self.parcels = Parcels(
            parcels_store.ParcelStore(self.database),
            cases=self.cases,
            keyring=self.keyring,
            trackers=_trackers(self.settings, self.jobs, self.now),
            enqueue=self.jobs.enqueue,
            record=self.audit.record,
            **self._write,
        )
        self.parcels.start()

    def _tell_and_talk(self, console: IO[str]) -> None:
        self.notices = notifications.Notifications(
            self.database,
            seal=self.keyring.seal,
            open_sealed=self.keyring.open_sealed,
            address_of=self.identity.address_of,
            sms=_sms(self.settings, console),
            push=lambda member, word: self.chat.live.push(member.partition(":")[2], dict(word)),
            record=self.audit.record,
            now=self.now,
        )
        ports = chat.Ports(
            desk_for=self.circle.desk_for,
            desk_open=self.circle.desk_open,
            card=_cards(self.matters, self.circle, self.drafts, self.cases, self.parcels),
            file=lambda upload, viewer: self.files.accepted(viewer.id, upload),
            name_of=self.identity.name_of,
            away=_away(self.notices),
            announce=self.jobs.announce,
            record=self.audit.record,
            seal=self.keyring.seal,
            open_sealed=self.keyring.open_sealed,
            printed=_transcript,
            remind=_reminders(self.notices, self.identity),
            case_kept=lambda number: self.cases.shipment(number) is not None,
            skills_of=lambda matter: self.matters.entry(matter)["theme"],
        )
        self.chat = chat.Chat(
            self.database,
            ports=ports,
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
            **self._write,
        )
        self.circle.changes.hangs_on = lambda point: {
            "staff": self.identity.staff_at(point),
            "conversations": self.chat.open_at(point),
        }
        # What the ground floor is told once the floors above it stand.
        self.identity.ports.tell = self.notices.tell
        self.identity.ports.ended = lambda session: self.chat.live.revoke(session)
        own_data.tell(self.identity.ports, self)
        self.files.shared, self.files.in_case = self.chat.shares_file, self.cases.holds_file
        deeds = self.chat.deeds
        self.cases.talks = deeds.of_case
        self.drafts.talk_is_of, self.drafts.sent_in_talk = deeds.is_of, deeds.sent_file
        self.drafts.shared = lambda viewer, draft: deeds.shares_card(viewer, "draft", draft)
        rests_on = (self.drafts.uses, self.cases.uses_file, self.chat.uses_file)
        self.files.bound = lambda upload: any(uses(upload) for uses in rests_on)
        self.identity.ports.departments = self.matters.departments.codes
        self.identity.ports.points = lambda: [point.id for point in self.circle.points()]

    def _background(self) -> None:
        self.jobs.reactions = reactions.table(
            self.cases, self.parcels, self.jobs, self.notices.tell, self.chat.deeds.follow_draft
        )
        self.jobs.handlers = reactions.handlers(self.cases, self.parcels, self.files.check) | self.rotation.handlers()
        self.jobs.handlers["audit.head"] = lambda slot: self.audit.tell_head()
        self.jobs.recurring = reactions.RECURRING
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
        self.worker = Worker(steps, self.now)
        self.database.after_commit(self.worker.nudge)

    def blueprints(self, web: guard.Http) -> list[Any]:
        """The HTTP face of every room and package."""
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
        points, known = self.circle.points(), self.calendar.working.is_known
        strays = self.matters.without_department()
        wrong, drafts = self.matters.contradictions(), self.publishing.open_drafts()
        confirm = open_questions(points, matters, strays, wrong, drafts, known, today)
        return {**confirm, "open reports that something is wrong": self.reports.open_lines()}

    def readings(self) -> list[metrics.Reading]:
        """What `/metrics` tells beside the requests."""

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
        """Enter the list of processes, then begin the background work of this one. Raises SecondProcess."""
        if self.settings.mongodb_uri:  # the embedded store's lock lets in one process alone
            self.processes.enter(joined=bool(self.settings.redis_url))
        self.worker.start()

    def stop(self) -> None:
        """Finish what is in hand: first what was posted, then the worker."""
        self.chat.close()
        self.worker.stop()
        self.jobs.give_back()
        self.processes.leave()


def create_app(
    settings: Settings,
    *,
    database: Database,
    keyring: Keyring | None = None,
    now: Callable[[], datetime] = utc_now,
    console: IO[str] = sys.stdout,
    live: str = "threading",
) -> Flask:
    """The whole on one database. Tests replace the keys, the time and the console; `live` is Socket.IO's mode."""
    office = Office(settings, database, keyring or open_keys(OperationsStore(database), settings.keys), now, console)
    app = Flask("circle", static_folder=None)
    app.extensions["circle"] = office
    app.config |= {"MAX_CONTENT_LENGTH": bodies.LARGEST, "PROPAGATE_EXCEPTIONS": False}
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    spares = is_loopback if settings.pocket else lambda address: False
    app.extensions["limits"] = limits = Limits(settings.redis_url, spares=spares)
    web = guard.Http(office.identity.actor, office.once, limits.person)
    measured = metrics.Metrics(office.readings())
    edge.register(
        app,
        limits=limits,
        proxies=settings.trusted_proxies,
        origins=settings.cors_origins,
        https=settings.public_base.startswith("https://"),
        observe=measured.observe,
        quick=circle_routes.quick(office.circle),
    )
    problems.register(app, (Refusal, chat.Refusal, notifications.Refusal), UNAVAILABLE)
    described = openapi.describe(app)
    for blueprint in office.blueprints(web):
        described.register_blueprint(blueprint)
    openapi.complete(app, described, web.allow)
    app.register_blueprint(pages_routes.blueprint(web))
    _health(app, web, database)
    metrics.register(app, web, measured, settings.metrics_token, is_loopback)
    chat.attach(
        app,
        office.chat,
        office.identity.actor,
        redis_url=settings.redis_url or None,
        mode=live,
        cors_origins=[settings.public_base, *settings.cors_origins] if settings.cors_origins else None,
    )
    return app


STORES: tuple[Any, ...] = (
    *(audit_store, calendar_store, cases_store, circle_store, drafts_store, files_store),
    *(identity_store, jobs_store, matters_store, parcels_store, reports_store, chat, notifications),
)


def _indexes() -> Iterable[Index]:
    return [index for store in STORES for index in store.INDEXES]


def shape() -> Shape:
    """What this release writes, and the way to it from what earlier ones wrote."""
    upgrades = [upgrade for store in STORES for upgrade in getattr(store, "UPGRADES", ())]
    return Shape(release(), upgrades, {"case_actions": ACTION_VERSION})


def _sealed() -> list[Sealed]:
    """The sealed fields of every room that lists them."""
    stores: list[Any] = [
        cases_store,
        drafts_store,
        files_store,
        identity_store,
        parcels_store,
        reports_store,
        chat,
        notifications,
    ]
    return [line for store in stores for line in getattr(store, "SEALED", ())]


def _wechat(settings: Settings) -> WeChat | None:
    if settings.wechat_app_id:
        return MiniProgram(settings.wechat_app_id, settings.wechat_secret, settings.wechat_api_base)
    return ConsoleWeChat() if settings.lenient else None


def _register(settings: Settings) -> Register | None:
    return ConsoleRegister() if settings.lenient else None


def _trackers(settings: Settings, jobs: Jobs, now: Callable[[], datetime]) -> dict[str, Tracker]:
    trackers: dict[str, Tracker] = {}
    if settings.kuaidi100_key:
        real = Kuaidi100(settings.kuaidi100_key, settings.kuaidi100_api_base, settings.public_base)
        trackers |= {"ems": real, "sf": real, "jd": real}
    if settings.lenient:
        trackers["console"] = ConsoleCarrier(jobs.enqueue, now)
    return trackers


def _sms(settings: Settings, console: IO[str]) -> Any:
    if settings.twilio:
        return notifications.TwilioSms(
            settings.twilio_account_sid,
            settings.twilio_auth_token,
            settings.twilio_messaging_service_sid,
            public_base=settings.public_base,
            api_base=settings.twilio_api_base,
        )
    return notifications.ConsoleSms(console)


def _cards(
    matters: Matters, circle: Circle, drafts: Drafts, cases: Cases, parcels: Parcels
) -> Callable[[str, str, Any], Any]:
    """Structured cards for the chat, resolved for the viewer."""
    resolvers: dict[str, Callable[[Any, str], dict[str, Any] | None]] = {
        "guide": lambda viewer, ref: matters.card(ref),
        "apply": lambda viewer, ref: matters.card(ref),
        "material": lambda viewer, ref: matters.material_card(ref),
        "point": lambda viewer, ref: circle.card(ref),
        "draft": drafts.card,
        "case": cases.card,
        "parcel": parcels.card,
    }

    def card(kind: str, ref: str, viewer: Any) -> dict[str, Any] | None:
        try:
            return resolvers[kind](viewer, ref)
        except (KeyError, NotFound):
            return None

    return card


def _away(notices: notifications.Notifications) -> Callable[[str, str, int], object]:
    def away(recipient: str, conversation: str, seq: int) -> object:
        page = f"/talks/{conversation}" if recipient.startswith("citizen:") else f"/staff#/talks/{conversation}"
        key = f"talk:{conversation}:{recipient}:{seq}"
        return notices.tell(recipient, "talk_waiting", {"count": "1"}, key=key, link=page)

    return away


def _transcript(talk: chat.Transcript) -> bytes:
    """A talk on paper."""
    table = pdf.Block("table", (("时间", "谁", "内容"), *talk.rows), "对话", (3, 2, 8))
    return pdf.printed(pdf.Paper(talk.title, (), (pdf.Block("facts", talk.facts), table), talk.foot))


def _reminders(notices: notifications.Notifications, identity: Identity) -> Callable[[str, str, datetime, str], object]:
    """Of promised answers: the staff of the desk before, whoever oversees after."""

    def remind(desk: str, conversation: str, promised_at: datetime, what: str) -> None:
        template, staff = {
            "due": ("talk_promise_due", identity.staff_of(point=desk, roles=("window", "handler"))),
            "overdue": ("talk_promise_overdue", identity.staff_of(roles=("supervisor",))),
        }[what]
        values = {"until": promised_at.astimezone(BEIJING).strftime("%m-%d %H:%M")}
        for one in staff:
            key = f"promise:{what}:{conversation}:{promised_at.isoformat()}:{one}"
            notices.tell(f"staff:{one}", template, values, key=key, link=f"/staff#/talks/{conversation}")

    return remind


def _health(app: Flask, web: guard.Http, database: Database) -> None:
    @app.get("/healthz")
    @web.allow("anyone")
    def healthz() -> Response:
        """This process answers."""
        return Response("ok\n", content_type="text/plain")

    @app.get("/asyncapi.json")
    @web.allow("anyone")
    def asyncapi() -> Response:
        """The socket, described."""
        return Response(app.json.dumps(chat.describe()), content_type="application/json")

    @app.get("/readyz")
    @web.allow("anyone")
    def readyz() -> Response:
        """The store takes writes too; else 503."""
        database.probe()
        return Response("ready\n", content_type="text/plain")
