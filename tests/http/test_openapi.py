"""`/openapi.json` says of each route what its code does: who may call, with which headers, and what is answered."""

import re

from api.web.openapi import takes_version
from tests.access.test_matrix import routes
from tests.show import strange


def test_it_is_a_valid_description(anyone):
    from openapi_spec_validator import validate  # seconds, which only the worker that comes here need spend

    description = anyone.get("/openapi.json")
    validate(description)
    assert description["openapi"] == "3.1.0"


def test_every_route_of_the_interface_is_described(app, anyone):
    described = anyone.get("/openapi.json")["paths"]
    for (method, rule), view in routes(app).items():
        if not rule.startswith("/v1/"):
            continue
        operation = described[re.sub(r"<(?:\w+:)?([^>]+)>", r"{\1}", rule)][method.lower()]
        assert operation["summary"], rule
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
        assert operation.get("security", []) == ([] if view.allowed == ("anyone",) else [{"bearer": []}])
        headers = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "header"}
        assert ("Idempotency-Key" in headers) == getattr(view, "creates", False)
        assert ("If-Match" in headers) == takes_version(view)


def test_a_problem_has_the_shape_that_is_described(anyone):
    description = anyone.get("/openapi.json")
    content = description["components"]["responses"]["Problem"]["content"]["application/problem+json"]
    shape = description["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
    for answer in (anyone.raw("GET", "/v1/me"), anyone.raw("POST", "/v1/sessions", json={})):
        assert answer.content_type == "application/problem+json"
        assert set(shape["required"]) <= set(answer.get_json()) <= set(shape["properties"])


def test_no_request_made_from_the_description_breaks_the_office_or_surprises_its_reader(world):
    from tests.show.openapi import examine  # as above

    told = examine(world, seed=1, examples=2)
    assert told["wrong"] == []
    assert told["requests"] > 100


def test_no_strange_text_breaks_the_office_or_is_kept_as_it_came(world):
    counts = strange.examine(world, seed=1, count=74, each=1)
    assert (counts["faults"], counts["stored_unclean"]) == ({}, [])
    assert counts["kinds"] > 30
    assert counts["places"] > 1_000
