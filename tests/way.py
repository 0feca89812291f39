"""Steps from a draft to a licence over HTTP, for the suites that need a case in some state."""

import base64
from uuid import uuid4

FOOD = "XC-行政许可-001"
ID_NUMBER = "610102194303050022"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
COURIER = {"way": "courier", "name": "王小明", "phone": "13800138000", "address": "西安市新城区西一路100号3单元"}


def accepted_upload(citizen, drain, content=PNG):
    """Upload a picture and let its check pass; gives its id."""
    length = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": "filename YS5wbmc="}
    location = citizen.raw("POST", "/v1/uploads", headers=length).headers["Location"]
    citizen.raw(
        "PATCH",
        location,
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
        data=content,
        content_type="application/offset+octet-stream",
    )
    drain()
    return location.rsplit("/", 1)[1]


def filled_in(citizen, matter=FOOD):
    """The answers and the situation of a matter's sample, with our citizen's name and number: {answers, situation}."""
    sample = citizen.get(f"/v1/matters/{matter}/form")["sample"]
    who = {"applicant_name": "王小明", "id_number": ID_NUMBER}
    return {"answers": {**sample["answers"], **who}, "situation": sample["situation"]}


def complete_draft(citizen, drain, delivery=COURIER, matter=FOOD):
    """Begin a draft and complete it: all that its matter asks for, in one file."""
    draft = citizen.post("/v1/drafts", {"matter": matter, **filled_in(citizen, matter)})
    needed, upload = [gap["material"] for gap in draft["missing"] if gap["material"]], accepted_upload(citizen, drain)
    materials = {key: [upload] for key in needed}
    change = {"materials": materials, "delivery": delivery}
    return citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])


def submitted(citizen, drain, **how):
    """Submit a complete draft; gives the new case."""
    draft = complete_draft(citizen, drain, **how)
    assert draft["missing"] == []
    case = citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"]
    drain()
    return case


def act(caller, case, act, expect=200, **data):
    """Send one act of staff with the case's version in If-Match; gives the case after it."""
    path = f"/v1/cases/{case['number']}/actions"
    headers = {"If-Match": f'"{case["version"]}"'}
    return caller.post(path, {"act": act, **data}, expect=expect, headers=headers)


def issued(citizen, window, handler, drain, **how):
    """Submit, accept, grant and issue; gives the case, whose licence is ready to be handed over."""
    case = submitted(citizen, drain, **how)
    case = act(window, case, "accept")
    case = act(handler, case, "decide", kind="grant", text="符合条件,准予许可。")
    case = act(window, case, "issue", serial=f"JY{uuid4().hex[:10]}")
    drain()
    return case


def new_version(admin, code=FOOD, **changes):
    """Publish another version of a matter, in force at once or from the day that the changes name."""
    path = f"/v1/matters/{code}/versions"
    draft = admin.post(path, changes)
    edit = {"If-Match": f'"{draft["edit"]}"'}
    return admin.post(f"{path}/{draft['version']}/publication", expect=200, headers=edit)
