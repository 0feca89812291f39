"""Request and response schemas of drafts."""

from marshmallow import Schema, fields, validate

from api.web.fields import FORM_VALUE, Page, Time

Answers = fields.Dict(keys=fields.String(validate=validate.Length(max=40)), values=FORM_VALUE)
"""What is filled in, by the fields of the matter's form (`GET /v1/matters/{code}/form`)."""

Situation = fields.Dict(
    keys=fields.String(validate=validate.Length(max=30)), values=fields.String(validate=validate.Length(max=30))
)
"""Answers to the questions of the matter's guide."""

Materials = fields.Dict(
    keys=fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,40}$")),
    values=fields.List(fields.String(validate=validate.Length(max=40))),
)


class MatterName(Schema):
    """The matter, and the version of it that applies."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)


class Delivery(Schema):
    """How the result reaches the applicant."""

    way = fields.String(required=True, validate=validate.OneOf(["courier", "pickup"]))
    name = fields.String(validate=validate.Length(max=60))
    phone = fields.String(validate=validate.Length(max=30))
    address = fields.String(validate=validate.Length(max=300))


class MissingSchema(Schema):
    """One thing to do before submitting, and why, in both languages."""

    field = fields.String(allow_none=True)
    material = fields.String(allow_none=True)
    why = fields.String(required=True)
    why_en = fields.String(required=True)


class Aided(Schema):
    """Whom an officer at the window fills in for: somebody without a phone, in this language.

    Name, number and phone are those of the form. The consent that they signed is the material `consent`.
    """

    language = fields.String(required=True, validate=validate.OneOf(["zh", "en"]))


class NewDraft(Schema):
    """A draft to begin: the matter, and what is known already."""

    matter = fields.String(required=True, validate=validate.Length(max=60))
    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, load_default=dict)
    situation = fields.Dict(
        keys=fields.String(validate=validate.Length(max=30)),
        values=fields.String(validate=validate.Length(max=30)),
        load_default=dict,
        metadata={"description": "answers to the questions of the matter's guide"},
    )
    for_ = fields.String(
        data_key="for",
        load_default=None,
        validate=validate.Length(min=1, max=60),
        metadata={"description": "the mandate under which this is for somebody else"},
    )
    aided = fields.Nested(Aided, load_default=None, allow_none=True)
    talk = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=60),
        metadata={"description": "one's own conversation in which it was asked for; its case will be tied to that"},
    )


class DeferralChoice(Schema):
    """The materials that follow later (容缺), chosen upon the text of this version."""

    materials = fields.List(
        fields.String(validate=validate.Length(max=40)), required=True, validate=validate.Length(0, 60)
    )
    text_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))


class PromiseChoice(Schema):
    """The promise (告知承诺) is given, upon the text of this version."""

    text_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))


class DraftChange(Schema):
    """Changes to a draft: answers are merged; the situation, and the uploads of each named material, are replaced.

    `deferral` and `promise` replace what was chosen; null takes it back.
    """

    answers = Answers
    situation = Situation
    materials = Materials
    delivery = fields.Nested(Delivery)
    deferral = fields.Nested(DeferralChoice, allow_none=True)
    promise = fields.Nested(PromiseChoice, allow_none=True)


class TakenOver(Schema):
    """A file that the citizen sent in a conversation, and the material to use it as. The request is the consent."""

    material = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,40}$"))
    conversation = fields.String(required=True, validate=validate.Length(1, 60))
    seq = fields.Integer(required=True, strict=True, validate=validate.Range(1, 2**31 - 1))


class ActedFor(Schema):
    """Whom an agent acts for, and under which mandate."""

    mandate = fields.String(required=True)
    name = fields.String(required=True)


class WordsSchema(Schema):
    """A text in both languages."""

    text = fields.String(required=True)
    text_en = fields.String(required=True)


class NewerVersion(Schema):
    """The version of the matter in force since a day, where the draft began under an older one, and what it asks
    otherwise of this person; `must_move` where the older one is taken no more."""

    version = fields.Integer(required=True)
    since = fields.Date(required=True, allow_none=True)
    must_move = fields.Boolean(required=True)
    changes = fields.List(fields.Nested(WordsSchema), required=True)


class Moved(Schema):
    """From which version a draft was moved to the one it is under, and what did not fit there."""

    from_version = fields.Integer(required=True)
    left_out = fields.List(fields.Nested(WordsSchema), required=True)


class OfferedText(Schema):
    """A text to be accepted, with its version; `excluded`: who may not."""

    text_version = fields.Integer(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)
    excluded = fields.List(fields.String(), required=True)


class OfferedDeferral(OfferedText):
    """Within how many days of acceptance the materials follow."""

    days = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["working", "calendar"]))


class PromiseOffer(Schema):
    """Whether the matter may be decided upon a promise (告知承诺): upon which text, or why not; null where it has none.

    `accepted_at` is when the applicant accepted the text, null if they have not.
    """

    terms = fields.Nested(OfferedText, required=True, allow_none=True)
    why_not = fields.Nested(WordsSchema, required=True, allow_none=True)
    accepted_at = Time(required=True, allow_none=True)


class DeferralOffer(PromiseOffer):
    """Which materials may follow later (容缺受理), upon which terms or why not, and which ones the applicant chose."""

    may_follow = fields.List(fields.String(), required=True)
    terms = fields.Nested(OfferedDeferral, required=True, allow_none=True)
    materials = fields.List(fields.String(), required=True)


class MoveSchema(Schema):
    """The version to go on under: the one that `newer_version` named."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))


class Kept(Schema):
    """Until when a draft is kept, and what is said of it in both languages. Each change moves that on."""

    until = Time(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class DraftSchema(Schema):
    """A draft; `version` is also its ETag. `for` names the person an agent acts for. `taken_until` is the first day on
    which it can be handed in no more under the version that it began under, where one is known."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    matter = fields.Nested(MatterName, required=True)
    answers = fields.Dict(keys=fields.String(), values=FORM_VALUE, required=True)
    situation = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    materials = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    delivery = fields.Nested(Delivery, required=True, allow_none=True)
    deferral = fields.Nested(DeferralOffer, required=True, allow_none=True)
    promise = fields.Nested(PromiseOffer, required=True, allow_none=True)
    missing = fields.List(fields.Nested(MissingSchema), required=True)
    newer_version = fields.Nested(NewerVersion, required=True, allow_none=True)
    taken_until = fields.Date(required=True, allow_none=True)
    moved = fields.Nested(Moved, required=True, allow_none=True)
    case = fields.String(required=True, allow_none=True)
    for_ = fields.Nested(ActedFor, data_key="for", required=True, allow_none=True)
    talk = fields.String(required=True, allow_none=True)
    aided = fields.Nested(Aided, required=True, allow_none=True)
    kept = fields.Nested(Kept, required=True, allow_none=True)
    created_at = Time(required=True)
    updated_at = Time(required=True)


class SuggestionSchema(Schema):
    """A value that an empty field could take over, and where it comes from, in words. An identity number is masked.

    `case` is the number of the earlier case; null for the profile.
    """

    key = fields.String(required=True)
    value = FORM_VALUE
    case = fields.String(required=True, allow_none=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class SameMatterSchema(Schema):
    """An open case of the same account about the same matter, and a sentence about it. It hinders nothing."""

    number = fields.String(required=True)
    text = fields.String(required=True)
    text_en = fields.String(required=True)


class HintsSchema(Schema):
    """What a draft could take over, and the open cases about its matter."""

    suggestions = fields.List(fields.Nested(SuggestionSchema), required=True)
    open_cases = fields.List(fields.Nested(SameMatterSchema), required=True)


class TakenSuggestions(Schema):
    """The fields to fill with what is suggested for them."""

    fields_ = fields.List(
        fields.String(validate=validate.Length(1, 40)),
        data_key="fields",
        required=True,
        validate=validate.Length(1, 60),
    )


class DraftPage(Page):
    """A page of drafts."""

    items = fields.List(fields.Nested(DraftSchema), required=True)
