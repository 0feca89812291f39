"""How the routes of templates of acts are called. An administrator, whose post names no department, names one."""

from tests.access.calls.how import Call, Calls, World, query

NEW = {"act": "decide", "name": "准予", "text": "{applicant}申请的{matter}符合条件，准予许可。"}


def _new(world: World, actor: str) -> Call:
    return {"json": {**NEW, **({"department": "SPJ"} if actor == "admin" else {})}}


def _listed(world: World, actor: str) -> Call:
    return {"query": "?department=SPJ" if actor == "admin" else ""}


def _template(world: World, actor: str) -> Call:
    made = world.actors["head"].post("/v1/act-templates", NEW)
    return {
        "at": {"template_id": made["id"]},
        "json": {"text": "改过的话。"},
        "headers": {"If-Match": f'"{made["version"]}"'},
    }


CALLS: Calls = {
    ("GET", "/v1/cases/<number>/act-templates"): query("?act=decide"),
    ("GET", "/v1/act-templates"): _listed,
    ("POST", "/v1/act-templates"): _new,
    ("GET", "/v1/act-templates/<template_id>"): _template,
    ("PATCH", "/v1/act-templates/<template_id>"): _template,
    ("POST", "/v1/act-templates/<template_id>/retirement"): _template,
    ("GET", "/v1/act-templates/<template_id>/versions"): _template,
}
