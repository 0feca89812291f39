"""One table: event -> what follows. Each entry runs after the commit, at least once, and is harmless when repeated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from api.cases.service import Cases
from api.jobs.job import Event, Recurring
from api.jobs.ports import Reaction
from api.jobs.service import Jobs
from api.parcels.service import Parcels

RECURRING = (
    # The notice limit is the end of a day; a calendar that changed meanwhile has moved it (行政许可法 第32条).
    Recurring("cases.silence", every=timedelta(days=1), after=timedelta(seconds=10)),
    Recurring("audit.head", every=timedelta(days=1), after=timedelta(minutes=5)),
)
"""What comes back by itself: one job a slot."""


class Tell(Protocol):
    """Leave a notice in the outbox; the same key is one notice, ever."""

    def __call__(self, recipient: str, template: str, values: dict[str, str], *, key: str, link: str) -> object: ...


def table(
    cases: Cases, parcels: Parcels, jobs: Jobs, tell: Tell, tie: Callable[[str, str], object]
) -> Mapping[str, Sequence[Reaction]]:
    """What follows each event, by its type. `tie(talk, number)` ties a talk to the case that came of it."""

    def tell_case(template: str) -> Reaction:
        def react(event: Event) -> None:
            notice = cases.notice_values(event.subject)
            link = f"/cases/{notice.values['number']}"
            for person in notice.people:
                key = f"{event.id}:{template}" + ("" if person == notice.people[0] else f":{person}")
                tell(f"citizen:{person}", template, notice.values, key=key, link=link)

        return template, react

    def tell_parcel(template: str) -> Reaction:
        def react(event: Event) -> None:
            notice = parcels.notice_values(event.subject)
            link = f"/cases/{notice.values['number']}"
            tell(f"citizen:{notice.owner}", template, notice.values, key=f"{event.id}:{template}", link=link)

        return template, react

    def tell_decision(event: Event) -> None:
        tell_case("case_granted" if event.data["state"] == "granted" else "case_refused")[1](event)

    def wait_for_silence(event: Event) -> None:
        """Silence becomes acceptance when the notice limit has passed, and from the next supplement anew."""
        limit = cases.notice_limit(event.subject)
        if limit is not None:
            due_at = limit + timedelta(seconds=1)
            jobs.enqueue(f"deem:{event.id}", "cases.deem", {"case": event.subject}, due_at=due_at)

    def hand_over(event: Event) -> None:
        cases.handling.hand_over(parcels.case_of(event.subject), proof="applicant_confirmed_parcel")

    def tie_talk(event: Event) -> None:
        if event.data.get("talk"):
            tie(event.data["talk"], event.data["number"])

    silence: Reaction = ("wait_for_silence", wait_for_silence)
    return {
        "case.submitted": (tell_case("case_submitted"), silence, ("tie_talk", tie_talk)),
        "case.supplemented": (silence,),
        "case.accepted": (tell_case("case_accepted"),),
        "case.deemed_accepted": (tell_case("case_deemed_accepted"),),
        "case.supplement_requested": (tell_case("supplement_requested"),),
        "case.declined": (tell_case("case_declined"),),
        "case.withdrawn": (tell_case("case_withdrawn"),),
        "case.transferred": (("parcels_follow", lambda event: parcels.follow_case(event.data["number"])),),
        "case.decided": (("case_decided", tell_decision),),
        "case.issued": (tell_case("result_issued"),),
        "case.handed_over": (tell_case("case_handed_over"),),
        "parcel.sent": (tell_parcel("parcel_sent"),),
        "parcel.out_for_delivery": (tell_parcel("parcel_out_for_delivery"),),
        "parcel.delivered": (tell_parcel("parcel_delivered"),),
        "parcel.confirmed": (("hand_over", hand_over),),
    }


def handlers(cases: Cases, parcels: Parcels, check_file: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Who does which kind of leased job."""
    return {
        "files.check": check_file,
        "cases.silence": lambda payload: cases.handling.deem_silent(),
        "cases.deem": lambda payload: cases.handling.deem_accepted(payload["case"]),
        "parcels.watch": parcels.watch,
        "parcels.play": parcels.play,
    }
