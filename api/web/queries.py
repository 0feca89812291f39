"""The query of an address: NUL bytes in it mean nothing, and a parameter that a route does not know is refused."""

import re

from flask import Request

from api.refusals import Refusal

NUL = re.compile("%00")
LONGEST_NAME = 40


class UnknownParameter(Refusal):
    """The query names a parameter that the route does not know; `errors` says which."""

    code = "unknown_parameter"
    zh = "地址里有这里不用的参数，请检查拼写。"
    en = "The address has a parameter that is not known here. Check its spelling."


def without_nul(query: str) -> str:
    """A query string without NUL bytes: no value that is stored has any, so they are taken as invisible marks."""
    return NUL.sub("", query) if "%00" in query else query


def check(request: Request, known: frozenset[str] | None) -> None:
    """Check the parameters of a request against those of its route; None takes any. Raises UnknownParameter."""
    if known is None or not request.query_string or request.method == "OPTIONS":
        return
    unknown = sorted(name[:LONGEST_NAME] for name in request.args if name not in known)
    if unknown:
        raise UnknownParameter({name: ["Unknown field."] for name in unknown[:10]})
