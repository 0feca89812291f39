"""The types of events, each listed once: noun and past tense (`case.submitted`). `announce` refuses all others."""

EVENT_TYPES: frozenset[str] = frozenset(
    {
        "case.submitted",
        "case.supplemented",
        "case.withdrawn",
        "case.claimed",
        "case.released",
        "case.accepted",
        "case.deemed_accepted",
        "case.deferred",
        "case.promise_checked",
        "case.rectification_ordered",
        "case.rectification_checked",
        "case.revoked",
        "case.declined",
        "case.supplement_requested",
        "case.transferred",
        "case.procedure_started",
        "case.procedure_ended",
        "case.extension_requested",
        "case.extension_approved",
        "case.extension_refused",
        "case.surveyed",
        "case.reviewed",
        "case.assigned",
        "case.corrected",
        "case.reissued",
        "case.terminated",
        "case.decided",
        "case.issued",
        "case.handed_over",
        "case.noted",
        "case.closed",
        "case.due_changed",
        "case.deadline_reached",
        "calendar.changed",
        "conversation.opened",
        "conversation.queued",
        "conversation.assigned",
        "conversation.transferred",
        "conversation.taken_over",
        "conversation.blocked",
        "conversation.unblocked",
        "conversation.returned",
        "conversation.left",
        "conversation.warned",
        "conversation.closed",
        "conversation.reopened",
        "conversation.rated",
        "conversation.tied",
        "matter.published",
        "matters.loaded",
        "network.changed",
        "points.changed",
        "parcel.sent",
        "parcel.confirmed",
        "parcel.awaiting_pickup",
        "parcel.picked_up",
        "parcel.in_transit",
        "parcel.out_for_delivery",
        "parcel.available_for_pickup",
        "parcel.delivered",
        "parcel.attempt_failed",
        "parcel.exception",
        "parcel.returning",
        "parcel.returned",
        "parcel.cancelled",
        "parcel.lost",
        "report.made",
        "report.settled",
    }
)
"""A tracked parcel's event bears the name of the state that it came into, as carriers call it (`parcels.STATES`)."""

FORMER_NAMES = {
    "case.submit": "case.submitted",
    "case.supplement": "case.supplemented",
    "case.withdraw": "case.withdrawn",
    "case.claim": "case.claimed",
    "case.release": "case.released",
    "case.accept": "case.accepted",
    "case.deem": "case.deemed_accepted",
    "case.decline": "case.declined",
    "case.request_supplement": "case.supplement_requested",
    "case.transfer": "case.transferred",
    "case.decide": "case.decided",
    "case.issue": "case.issued",
    "case.hand_over": "case.handed_over",
    "case.note": "case.noted",
    "case.close": "case.closed",
    "matter_published": "matter.published",
    "matters_loaded": "matters.loaded",
    "network_changed": "network.changed",
    "points_changed": "points.changed",
}
"""Names in rows that earlier releases wrote, to today's. Rows are never rewritten: the dispatcher reads them so."""


class UnknownEventType(ValueError):
    """An event was announced whose type is not listed."""


def require_listed(event_type: str) -> str:
    """Return the type unchanged. Raises UnknownEventType if it is not listed."""
    if event_type not in EVENT_TYPES:
        raise UnknownEventType(
            f"{event_type} is not in EVENT_TYPES of api/jobs/event_types.py: list it there, or mend it"
        )
    return event_type


def current(event_type: str) -> str:
    """The present name of a stored type, which may have been renamed since; any other type is returned unchanged."""
    return FORMER_NAMES.get(event_type, event_type)
