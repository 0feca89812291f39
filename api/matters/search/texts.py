"""The texts by which a matter is found, and how much each field weighs."""

from collections.abc import Iterable

from api.matters.catalogue.matter import Matter

SEARCHED = {"name": 3.0, "keywords": 3.0, "phrases": 2.0, "name_en": 2.0, "result": 1.5, "faq": 1.0, "theme": 1.0}
SEARCHED |= {"conditions": 0.4}
"""The fields that are searched, with their weights: what people call a matter counts more than what the law says."""


def searched_texts(matter: Matter, phrases: Iterable[str]) -> list[tuple[str, float]]:
    """The texts by which a matter is found, with the weights of their fields; `phrases` are people's words for it."""
    record = matter.record
    texts = {
        "name": [record["name"]],
        "name_en": [record["name_en"]],
        "keywords": record["keywords"],
        "phrases": phrases,
        "result": [record["result"]["name"]],
        "faq": [entry["q"] for entry in record["faq"]],
        "theme": record["theme"],
        "conditions": record["conditions"],
    }
    return [(text, weight) for name, weight in SEARCHED.items() for text in texts[name] if text]
