"""The OpenAPI 3.1 description, generated from the routes: who may call, which headers, which problems."""

import inspect
import re
from collections.abc import Callable
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, Response, json
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from api.refusals import CannotStart
from api.web.bodies import Parser

PROBLEM_TYPE = "application/problem+json"
Operation = dict[str, Any]

KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "the same on every retry of one request",
    "schema": {"type": "string", "pattern": "^[!-~]{8,128}$"},
}
VERSION_HEADER = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "the ETag of what is changed; without it 428, any other value 412",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}


CALLED_BY_PROVIDERS = ("/v1/providers/", "/v1/carriers/")
"""Routes that take any query parameter: a provider may add one of its own, and its call must not be lost for that."""

INTRODUCTION = (
    "A client without PATCH, PUT or DELETE sends POST with `X-HTTP-Method-Override: PATCH` (PUT, DELETE): the request "
    "is then that operation, with its rights, headers and answers. On other methods the header means nothing.\n\n"
    "Staff are logged out after half an hour without an act. Whatever changes something is one; a request that reads "
    "is one if a person's tap or key caused it and it says so: `X-Person-Act: 1`. A refresh is none.\n\n"
    "Where an operation needs a fresh proof and there is none, it is refused with `fresh_proof_needed`: ask "
    "`GET /v1/me/proof` how it is given, give it to `POST /v1/me/proof`, and send the request again.\n\n"
    "A query parameter that an operation does not name is refused (422, `unknown_parameter`)."
)


class AllowedAct(Schema):
    """An act that may be done now, and what it is called."""

    act = fields.String(required=True)
    label = fields.String(required=True)
    label_en = fields.String(required=True)


class Problem(Schema):
    """A refusal (RFC 9457). `code` never changes; `errors` says which field and why.

    Where an act on a case is refused, `allowed` says which acts the caller may do now.
    """

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    allowed = fields.List(fields.Nested(AllowedAct))


class _Described(Api):
    """flask-smorest without its error handlers: errors are made in problems.py, here they are only described."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        problem = {"description": "A refusal", "content": {PROBLEM_TYPE: {"schema": Problem}}}
        self.spec.components.response("Problem", problem)


def describe(app: Flask) -> Api:
    """The Api on which blueprints are registered; call `complete` afterwards. From now on every blueprint reads its
    JSON by our parser."""
    Blueprint.ARGUMENTS_PARSER = Parser()
    app.config |= {"API_TITLE": "Service Circle", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}
    named = MarshmallowPlugin(schema_name_resolver=_schema_name)
    info = {"description": INTRODUCTION}
    api = _Described(app, spec_kwargs={"marshmallow_plugin": named, "info": info})
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    return api


def complete(app: Flask, api: Api, allow: Callable[..., Any]) -> None:
    """Add to each operation what its decorators declare, and serve the description at /openapi.json.

    Raises CannotStart, naming each route that lacks its `allow` or its docstring.
    """
    description = api.spec.to_dict()
    _require(app)
    for rule in app.url_map.iter_rules():
        path = description["paths"].get(_template(rule.rule), {})
        for method in _own_methods(rule):
            if operation := path.get(method.lower()):
                view: Any = app.view_functions[rule.endpoint]
                operation["operationId"] = operation_id(method, rule.rule)
                _complete(operation, view)
                if not rule.rule.startswith(CALLED_BY_PROVIDERS):
                    view.query_names = _query_names(operation)
    text = json.dumps(description)

    @app.get("/openapi.json")
    @allow("anyone")
    def openapi() -> Response:
        """This API description (OpenAPI 3.1)."""
        return Response(text, content_type="application/json")


def _require(app: Flask) -> None:
    """Raises CannotStart, naming each route that lacks its `allow` or its docstring."""
    wrong = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        where = f"{rule.rule} ({view.__module__}, {view.__name__}) "
        if not getattr(view, "allowed", None):
            wrong.append(where + "does not say who may call it: put @http.allow(…) above it")
        if rule.rule.startswith("/v1/") and not (inspect.unwrap(view).__doc__ or "").strip():
            wrong.append(where + "has no docstring: its first sentence is the summary in /openapi.json")
    if wrong:
        raise CannotStart("\n".join(wrong))


def _own_methods(rule: Rule) -> set[str]:
    """The methods of a rule without those that Flask answers by itself."""
    methods = set(rule.methods or ())
    if "GET" in methods:
        methods.discard("HEAD")
    if rule.provide_automatic_options:  # type: ignore[attr-defined]
        methods.discard("OPTIONS")
    return methods


def _query_names(operation: Operation) -> frozenset[str]:
    return frozenset(each["name"] for each in operation.get("parameters", ()) if each.get("in") == "query")


def operation_id(method: str, rule: str) -> str:
    """`getCasesByNumberActions` of GET /v1/cases/<number>/actions: as stable as the route, and as unique."""
    parts = _template(rule).removeprefix("/v1/").split("/")
    named = [f"by-{part[1:-1]}" if part.startswith("{") else part for part in parts]
    return method.lower() + "".join(word.capitalize() for part in named for word in re.split(r"[-_.]", part))


def _complete(operation: Operation, view: Any) -> None:
    responses = operation["responses"]
    for needless in [status for status, answer in responses.items() if "$ref" in answer]:
        del responses[needless]
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    if view.allowed != ("anyone",):
        operation["security"] = [{"bearer": []}]
        rights = f"For: {', '.join(view.allowed)}."
        if fresh := getattr(view, "fresh", ()):
            rights += f" Needs a fresh proof: {', '.join(fresh)}."
        operation["description"] = f"{operation.get('description', '')}\n\n{rights}".strip()
    headers = [KEY_HEADER] if getattr(view, "creates", False) else []
    headers += [VERSION_HEADER] if takes_version(view) else []
    if headers:
        operation.setdefault("parameters", []).extend(headers)


def takes_version(view: Any) -> bool:
    """Whether a view requires If-Match, i.e. the version that a change is made against."""
    return "wanted_version" in inspect.unwrap(view).__code__.co_names


def _template(rule: str) -> str:
    """`/v1/cases/{number}` of `/v1/cases/<number>`, also where a converter stands before the name."""
    return re.sub(r"<(?:[^<>]*:)?([^<>:]+)>", r"{\1}", rule)


def _schema_name(schema: Any) -> str:
    """`identity.Mandate` of `api.identity.mandates.schemas.MandateSchema`: the room, and the name without `Schema`."""
    kind: Any = resolve_schema_cls(schema)
    package, *rest = kind.__module__.split(".")
    return f"{rest[0] if package == 'api' else package}.{kind.__name__.removesuffix('Schema')}"
