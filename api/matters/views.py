"""Turns matters, questions and forms into the JSON of the public interface (schemas/guides.py, schemas/lists.py)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from api.calendar.day_words import TwoLanguages, day_words, number_of_days
from api.matters import form as forms
from api.matters.catalogue.matter import DayLimit, Guide, Material, Matter
from api.matters.guide.situation import Answers, GuideNote, Question, Situations

Row = dict[str, Any]
GROUPS = ("to_bring", "held_by_state", "may_follow", "to_fill_in")


def line(matter: Matter) -> Row:
    """A matter in a list."""
    promised = matter.promised.days if matter.promised else None
    return {**matter.record, "online": matter.online, "promised_days": promised}


def card(matter: Matter) -> Row:
    """A matter on a card in a conversation."""
    names = {"code": matter.code, "name": matter.name, "version": matter.version}
    return {**names, "department": matter.record["department"]}


def material_card(matter: Matter, material: Material) -> Row:
    """A material of a matter on a card in a conversation."""
    return {"code": matter.code, "key": material.key, "name": material.name, "matter": matter.name}


def face(matter: Matter, unverified: list[str]) -> Row:
    """A matter in full; the schema selects the fields of the entry that are shown."""
    return {
        **matter.record,
        "valid_from": matter.valid_from,
        "valid_until": matter.valid_until,
        "online": matter.online,
        "statutory": _limit(matter.statutory),
        "promised": _limit(matter.promised),
        "materials": [asdict(material) for material in matter.materials],
        "unverified": unverified,
    }


def guide_face(matter: Matter, guide: Guide, notes: tuple[GuideNote, ...]) -> Row:
    """The parts of a personal guide beside the matter: limits, materials in groups, ways to apply, notes."""
    return {
        "limits": {"legal_due": guide.legal_due, "promised_due": guide.promised_due, "start": guide.start},
        "limit_words": _limit_words(matter, guide),
        **{name: [asdict(material) for material in getattr(guide, name)] for name in GROUPS},
        "ways": {
            "online": matter.online,
            "window": True,
            "home": matter.record["at_home"],
            "courier": any(matter.record["courier"].values()),
        },
        "notes": [{**asdict(note), **asdict(note.words)} for note in notes],
    }


def _limit_words(matter: Matter, guide: Guide) -> Row:
    """What the limits mean if the matter is accepted today: `text`, each limit in words, and the same in English."""
    promised = _limit_sentence(matter.promised, guide.promised_due, guide.start)
    legal = _limit_sentence(matter.statutory, guide.legal_due, guide.start)
    text = TwoLanguages("", "")
    if matter.promised and matter.promised.days == 0:
        text = TwoLanguages("材料齐全的话，当场办好", "Done on the spot if nothing is missing")
    elif guide.promised_due:
        by = day_words(guide.promised_due, guide.start)
        text = TwoLanguages(f"今天受理的话，最迟 {by.zh}办好", f"If accepted today: done by {by.en}")
    pairs = {"text": text, "promised": promised, "statutory": legal}
    return {key: pair.zh for key, pair in pairs.items()} | {f"{key}_en": pair.en for key, pair in pairs.items()}


def _limit_sentence(limit: DayLimit | None, due: date | None, today: date) -> TwoLanguages:
    if limit is None:
        return TwoLanguages("没有规定", "Not set")
    if limit.days == 0:
        return TwoLanguages("当场办结", "On the spot")
    whole = number_of_days(limit.days, limit.unit)
    if due is None:
        return TwoLanguages(
            f"{whole.zh}（哪天到期要等放假安排公布）", f"{whole.en} (the last day depends on holidays to come)"
        )
    by = day_words(due, today)
    return TwoLanguages(f"{whole.zh}（最迟 {by.zh}）", f"{whole.en} (by {by.en})")


def questions(matter: Matter, situations: Situations, answers: Answers) -> Row:
    """The questions that are asked, each with its given answer, and the answers that count (`known`)."""
    known = situations.known(matter, answers)
    return {
        "questions": [
            _question(question, known.get(question.key) if question.key in answers else None)
            for question in situations.asked(matter, answers)
        ],
        "known": known,
    }


def answered(matter: Matter, situations: Situations, answers: Answers) -> list[Row]:
    """The questions that were answered, each with the text of its answer, in both languages."""
    rows = []
    for question in situations.asked(matter, answers):
        if question.key in answers:
            chosen = next(option for option in question.options if option.value == answers[question.key])
            rows.append({**asdict(question.words), "answer": chosen.words.text, "answer_en": chosen.words.text_en})
    return rows


def form_face(matter: Matter, form: forms.Form) -> Row:
    """The form of a matter, with its sample."""
    return {
        "matter": {"code": matter.code, "name": matter.name, "version": matter.version},
        "sections": [_section(section) for section in form.sections],
        "fills": forms.fills(form, matter.materials),
        "sample": {"answers": form.sample, "situation": form.sample_situation},
        "source": form.source,
        "verified": form.verified,
    }


def _question(question: Question, answer: str | None) -> Row:
    options = [{"value": option.value, **asdict(option.words)} for option in question.options]
    return {"key": question.key, **asdict(question.words), "options": options, "answer": answer}


def _section(section: forms.FormSection) -> Row:
    return {"key": section.key, **asdict(section.words), "fields": [_field(field) for field in section.fields]}


def _field(field: forms.Field) -> Row:
    help_words = {"help": field.help and field.help.text, "help_en": field.help and field.help.text_en}
    same = {name: getattr(field, name) for name in ("key", "kind", "required", "longest", "least", "most")}
    return {
        **same,
        **asdict(field.words),
        **help_words,
        "when": {key: list(values) for key, values in field.when.items()},
        "follows": field.follows,
        "options": [{"value": option.value, **asdict(option.words)} for option in field.options],
        "fields": [_field(inner) for inner in field.fields],
    }


def _limit(limit: DayLimit | None) -> Mapping[str, Any] | None:
    return asdict(limit) if limit else None
