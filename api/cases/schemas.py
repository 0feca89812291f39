"""Request and response schemas of cases, acts and the timeline."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.cases.documents.document import MARKS
from api.cases.life.schemas import (
    SAID,
    TEXT,
    ActForm,
    AskedItem,
    CorrectionLine,
    ExtensionLine,
    FlagWords,
    ProcedureLine,
    ReissueLine,
    ReviewLine,
    Round,
    SurveyLine,
)
from api.cases.paper_schemas import AidedSchema, MaterialLine
from api.cases.promises.schemas import CasePromise, DeferredMaterial
from api.cases.queues import QUEUES
from api.cases.templates.schemas import UsedTemplate
from api.drafts.schemas import Delivery, Materials, MatterName
from api.web.fields import FORM_VALUE, Page, Paging, Time


class Applicant(Schema):
    """The applicant; the name is masked in lists."""

    name = fields.String(required=True)


class DepartmentName(Schema):
    """The department that handles a case."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class DepartmentList(Schema):
    """All departments of the district."""

    items = fields.List(fields.Nested(DepartmentName), required=True)


class SentenceSchema(Schema):
    """What the clock says of a case, in both languages, and how pressing it is."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    tone = fields.String(required=True, validate=validate.OneOf(["calm", "soon", "late", "paused", "done"]))


class DueDaySchema(Schema):
    """A day by which the office must act; `provisional` if its year has no calendar yet, so that it binds nobody."""

    day = fields.String(required=True)
    provisional = fields.Boolean(required=True)


class CaseLine(Schema):
    """A case in a list. `sentence` says all of its time that is to be shown.

    `act_by` is the earlier due time, statutory or promised, and `left` the days that remain of that limit, in `unit`;
    `notice_due` the time by which the office answers whether it accepts. Each is null while no such limit runs.
    """

    number = fields.String(required=True)
    version = fields.Integer(required=True)
    matter = fields.Nested(MatterName, required=True)
    department = fields.Nested(DepartmentName, required=True, allow_none=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    state_label_en = fields.String(required=True)
    applicant = fields.Nested(Applicant, required=True)
    officer = fields.String(required=True, allow_none=True)
    submitted_at = Time(required=True)
    act_by = fields.String(required=True, allow_none=True)
    left = fields.Integer(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True, validate=validate.OneOf(["working", "calendar"]))
    notice_due = fields.String(required=True, allow_none=True)
    due = fields.Nested(
        DueDaySchema, required=True, allow_none=True, metadata={"description": "the day in whose order a queue lists"}
    )
    sentence = fields.Nested(SentenceSchema, required=True)


class CasePage(Page):
    """A page of cases."""

    items = fields.List(fields.Nested(CaseLine), required=True)


class SaidOfSituation(Schema):
    """A question about the applicant's situation, and the answer that was chosen."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)
    answer = fields.String(required=True)
    answer_en = fields.String(required=True)


class Asked(Schema):
    """The one-time notice of all deficiencies (行政许可法 第32条).

    `asked_before` are the materials that this or an earlier notice named. A later notice that names another one is a
    breach: `late` are these, `late_reason` what the office says about it.
    """

    items = fields.List(fields.Nested(AskedItem), required=True)
    text = fields.String(required=True)
    asked_at = Time(required=True)
    due = fields.String(
        required=True, allow_none=True, metadata={"description": "the day by which to hand them in, if one was given"}
    )
    asked_before = fields.List(fields.String(), required=True)
    late = fields.List(fields.String(), required=True)
    late_reason = fields.String(required=True, allow_none=True)


class KindWordsSchema(Schema):
    """What cases of this kind of matter (许可, 确认, 备案 …) call both decisions, and what comes of a granted one."""

    granted = fields.String(required=True)
    granted_en = fields.String(required=True)
    refused = fields.String(required=True)
    refused_en = fields.String(required=True)
    result = fields.String(required=True)
    result_en = fields.String(required=True)


class DecisionSchema(Schema):
    """The decision, its ground and how to appeal."""

    kind = fields.String(required=True, validate=validate.OneOf(["grant", "refuse"]))
    text = fields.String(required=True)
    ground = fields.String(required=True)
    appeal = fields.String(required=True)
    at = Time(required=True)


class Result(Schema):
    """The licence or document that was issued."""

    name = fields.String(required=True)
    serial = fields.String(required=True)
    issued_at = Time(required=True)


class CaseSchema(CaseLine):
    """A case as its viewer may see it; `version` is also its ETag. `receipt_code` is the applicant's alone."""

    receipt_code = fields.String(required=True, allow_none=True)
    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, required=True)
    situation = fields.List(fields.Nested(SaidOfSituation), required=True)
    materials = fields.List(fields.Nested(MaterialLine), required=True)
    delivery = fields.Nested(Delivery, required=True, allow_none=True)
    aided = fields.Nested(AidedSchema, required=True, allow_none=True)
    words = fields.Nested(KindWordsSchema, required=True)
    supplement = fields.Nested(Asked, required=True, allow_none=True)
    deferrals = fields.List(fields.Nested(DeferredMaterial), required=True)
    promise = fields.Nested(CasePromise, required=True, allow_none=True)
    decision = fields.Nested(DecisionSchema, required=True, allow_none=True)
    result = fields.Nested(Result, required=True, allow_none=True)
    clock = fields.Dict(required=True, metadata={"description": "the working-day clock at this moment"})
    flags = fields.List(fields.Nested(FlagWords), required=True)
    rounds = fields.List(fields.Nested(Round), required=True)
    procedures = fields.List(fields.Nested(ProcedureLine), required=True)
    extensions = fields.List(fields.Nested(ExtensionLine), required=True)
    surveys = fields.List(fields.Nested(SurveyLine), required=True)
    reviews = fields.List(fields.Nested(ReviewLine), required=True)
    corrections = fields.List(fields.Nested(CorrectionLine), required=True)
    reissues = fields.List(fields.Nested(ReissueLine), required=True)
    acts = fields.List(fields.String(), required=True)
    act_forms = fields.List(
        fields.Nested(ActForm),
        required=True,
        metadata={"description": "the same acts for staff, each with its fields, so that a page can draw its form"},
    )
    agent = fields.String(
        required=True, allow_none=True, metadata={"description": "who applied for the applicant, under a mandate"}
    )


class Submitted(Schema):
    """The case that a draft became."""

    case = fields.Nested(CaseSchema, required=True)


class By(Schema):
    """Who did an act: the side (citizen, staff, system), the name and the role."""

    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff", "system"]))
    name = fields.String(required=True)
    role = fields.String(required=True)


class TimelineItem(Schema):
    """An action, or an event of a conversation about the case.

    The latter has no `seq`; `talk` is the id of the conversation if the reader may read it.
    """

    seq = fields.Integer(required=True, allow_none=True)
    act = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True, allow_none=True)
    at = Time(required=True)
    by = fields.Nested(By, required=True)
    text = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "what the act was about, in words of the server"})
    about_en = fields.String(required=True)
    paper = fields.Boolean(
        required=True, metadata={"description": "whether …/receipt.pdf?seq= gives one a paper of it"}
    )
    breach = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "why the office asked only now for a material that it should have named before"},
    )
    template = fields.Nested(
        UsedTemplate,
        required=True,
        allow_none=True,
        metadata={"description": "for staff: the template that its words were taken from"},
    )
    talk = fields.String(allow_none=True, metadata={"description": "the id of the conversation"})


class PaperOf(Schema):
    """Which paper of a case: that about the act with this number in the timeline; without it, the last."""

    seq = fields.Integer(validate=validate.Range(1, 1_000_000))


class DocumentSchema(Schema):
    """A document of a case: its number, what it is, and how it is verified."""

    number = fields.String(required=True, metadata={"description": "the system's own number, never given twice"})
    kind = fields.String(required=True, validate=validate.OneOf(list(MARKS)))
    title = fields.String(required=True)
    title_en = fields.String(required=True)
    date = fields.String(required=True, metadata={"format": "date"})
    seq = fields.Integer(required=True, metadata={"description": "the number of its act in the timeline"})
    code = fields.String(required=True, metadata={"description": "anybody who has it may verify the document"})
    sha256 = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "of the bytes at `href`; null until somebody has asked for them"},
    )
    state = fields.String(
        required=True, validate=validate.OneOf(["valid", "corrected", "withdrawn", "terminated", "revoked"])
    )
    state_label = fields.String(required=True)
    state_label_en = fields.String(required=True)
    hand_over_by = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "date",
            "description": "the last day for handing the result over, as a decision says it (行政许可法 第44条)",
        },
    )
    href = fields.String(
        required=True, allow_none=True, metadata={"description": "the PDF; null for staff who only oversee the case"}
    )
    verify = fields.String(required=True, metadata={"description": "the page that verifies it, for anybody"})


class DocumentList(Schema):
    """The documents of a case, in the order of their acts."""

    items = fields.List(fields.Nested(DocumentSchema), required=True)


class Timeline(Schema):
    """The items of the timeline, in order of time."""

    items = fields.List(fields.Nested(TimelineItem), required=True)


class Supplement(Schema):
    """The uploads for the materials that were asked for, and a text."""

    materials = Materials
    text = fields.String(load_default="", validate=TEXT)

    @validates_schema
    def something(self, data: dict[str, Any], **_: Any) -> None:
        """Require at least one material."""
        if not data.get("materials"):
            raise ValidationError("请补交材料。", "materials")


class Withdrawal(Schema):
    """Why the application is taken back."""

    reason = fields.String(load_default="", validate=TEXT)


class CaseQueue(Schema):
    """A saved queue and a page of it."""

    queue = fields.String(
        load_default="all",
        validate=validate.OneOf(list(QUEUES)),
    )
    cursor = fields.String(validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class CaseSearch(Paging):
    """A case number, the applicant's whole name, or a telephone number; and a page of what it finds."""

    text = fields.String(required=True, validate=SAID)


class QueueLine(Schema):
    """A queue and how many cases lie in it: `more` if there are more than `count`; null where they are not counted.

    `turn`: they wait for this post to move them on, and stand in no other such queue.
    """

    queue = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)
    turn = fields.Boolean(required=True)
    count = fields.Integer(required=True, allow_none=True)
    more = fields.Boolean(required=True)


class QueueList(Schema):
    """The queues of one's post. Until `complete`, cases of an earlier release lie in them without their due days."""

    items = fields.List(fields.Nested(QueueLine), required=True)
    complete = fields.Boolean(required=True)


class Lookup(Schema):
    """The case number and the code that are printed on the receipt."""

    number = fields.String(required=True, validate=validate.Length(max=40))
    code = fields.String(required=True, validate=validate.Length(max=40))


class LookupResult(Schema):
    """The little that a look-up shows of a case: number, matter, state, and what its clock says."""

    number = fields.String(required=True)
    matter = fields.Nested(MatterName, required=True)
    state = fields.String(required=True)
    state_label = fields.String(required=True)
    state_label_en = fields.String(required=True)
    act_by = fields.String(required=True, allow_none=True)
    notice_due = fields.String(required=True, allow_none=True)
    sentence = fields.Nested(SentenceSchema, required=True)
