"""Cuts Twilio's OpenAPI description down to its Messages resource: two paths and the schemas they refer to.

    python tests/data/twilio/trim.py twilio_api_v2010.json > tests/data/twilio/messages.json

Nothing inside the paths and schemas is changed.
"""

import json
import sys
from typing import Any

PATHS = (
    "/2010-04-01/Accounts/{AccountSid}/Messages.json",
    "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json",
)


def trim(whole: dict[str, Any]) -> dict[str, Any]:
    """The description with these paths alone."""
    paths = {path: whole["paths"][path] for path in PATHS}
    wanted: dict[str, Any] = {}
    open_names = _references(paths)
    while open_names:
        name = open_names.pop()
        if name not in wanted:
            wanted[name] = whole["components"]["schemas"][name]
            open_names |= _references(wanted[name])
    components = {"securitySchemes": whole["components"]["securitySchemes"], "schemas": dict(sorted(wanted.items()))}
    kept = {key: whole[key] for key in ("openapi", "info", "servers", "security")}
    return {**kept, "paths": paths, "components": components}


def _references(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(_references, part))
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"].rsplit("/", 1)[1]} if isinstance(part.get("$ref"), str) else set()
    return own.union(*map(_references, part.values()))


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        json.dump(trim(json.load(file)), sys.stdout, indent=1, ensure_ascii=False)
