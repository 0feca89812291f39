"""Ten matters of the district through their whole life, day by day: what everybody sees of each, and who is told.

`diary.py` walks them side by side, `lives.txt` has what each diary must say. 24 November 2026 is a Tuesday, and no
holiday falls into these weeks.
"""

from pathlib import Path

import pytest

from tests.cases.diary import Days, Life, Town
from tests.drafts.test_choices import BANK, CAFE, DEFERRAL, PROMISE, TRADE
from tests.way import accepted_upload, filled_in, new_version, submitted

PICKUP = {"way": "pickup"}
ELDERLY, ALLOWANCE = "XC-公共服务-003", "XC-行政给付-001"
STREET, SNACKS, BILLBOARD, CHEMIST = "XC-行政许可-024", "XC-行政许可-002", "XC-行政许可-022", "XC-行政许可-015"


def food(town: Town) -> Days:
    """食品经营许可: two rounds of supplement, a survey, an extension, past its promise, granted, sent by courier."""
    citizen = town.citizen()
    life = town.begin("food", citizen, submitted(citizen, town.drain))
    yield "11-25"
    items = [{"key": "m1", "why": "没有签名"}, {"key": "m4", "why": "看不清"}]
    town.act(life, "window", "request_supplement", items=items, days=3)
    yield "11-26"
    town.bring(life, "m1", "m4")
    yield "11-27"
    town.act(life, "window", "request_supplement", items=[{"key": "m4", "why": "还是看不清"}])
    yield "11-30"
    town.bring(life, "m4")
    yield "12-01"
    town.act(life, "window", "accept")
    yield "12-03"
    officers = [town.officer(name).person["id"] for name in ("handler", "second")]
    town.act(life, "handler", "survey", officers=officers, result="met", text="后厨与图纸一致")
    told = citizen.get(life.path)["surveys"][0]
    assert (told["officers"], told["text"]) == (["李审批", "周核查"], "")
    yield "12-10"
    town.act(life, "handler", "request_extension", days=5, reason="等现场复核")
    yield "12-11"
    town.act(life, "head", "approve_extension", reason="复核要五天")
    yield "12-17"
    town.act(life, "head", "review", opinion="agree", text="同意发证")
    town.act(life, "handler", "decide", kind="grant", text="符合条件，准予许可。")
    yield "12-18"
    town.act(life, "window", "issue", serial="JY16101020000017")
    parcel = town.officer("window").post(f"{life.path}/parcels", {"direction": "to_citizen", "carrier": "console"})
    yield "12-20"
    parcel = citizen.get(f"/v1/parcels/{parcel['id']}")
    version = {"If-Match": f'"{parcel["version"]}"'}
    citizen.post(f"/v1/parcels/{parcel['id']}/confirmation", {}, expect=200, headers=version)
    yield "12-21"
    town.act(life, "window", "close")


def elderly(town: Town) -> Days:
    """老年人优待证: done on the spot, in one call."""
    citizen = town.citizen()
    life = town.begin("elderly", citizen, submitted(citizen, town.drain, matter=ELDERLY, delivery=PICKUP))
    fields = {"kind": "grant", "text": "符合条件，当场办结。", "serial": "YD1", "to": "applicant"}
    town.act(life, "window", "finish", **fields)
    yield "11-25"
    town.act(life, "window", "close")


def cafe(town: Town, name: str, *phone: str) -> Life:
    """An application for 网吧 whose 资金信用证明 follows later."""
    citizen = town.citizen(*phone)
    draft = citizen.post("/v1/drafts", {"matter": CAFE, **filled_in(citizen, CAFE)})
    upload = accepted_upload(citizen, town.drain)
    needed = {gap["material"] for gap in draft["missing"] if gap["material"]} - {BANK}
    change = {"materials": {key: [upload] for key in needed}, "delivery": PICKUP}
    change["deferral"] = {"materials": [BANK], "text_version": 1}
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
    return town.begin(name, citizen, citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"])


def cafe_in_time(town: Town) -> Days:
    """网吧: granted while a paper is to come, held until it is there."""
    life = cafe(town, "cafe_in_time")
    yield "11-25"
    town.act(life, "window", "defer", text="材料齐了就出证。")
    yield "11-27"
    town.act(life, "handler", "decide", kind="grant", text="符合条件，同意筹建。")
    assert town.act(life, "window", "issue", serial="WB1", expect=409)["code"] == "result_held"
    yield "12-01"
    town.bring(life, BANK)
    yield "12-02"
    town.act(life, "window", "issue", serial="WB1")
    yield "12-03"
    town.act(life, "window", "hand_over", to="agent", proof="委托书和代领人身份证")
    town.act(life, "window", "close")


def cafe_late(town: Town) -> Days:
    """网吧: the paper does not come, and the case ends by itself."""
    life = cafe(town, "cafe_late", "13800138002")
    town.act(life, "window", "defer")
    yield "12-02"
    assert town.send(life, "supplement", {"materials": {BANK: [town.file(life)]}, "text": ""}, 409)["code"]
    [broken] = town.officer("supervisor").get("/v1/desk/broken-promises")["items"]
    assert (broken["kind"], broken["state"]) == ("deferral", "standing")
    yield "12-03"
    town.act(life, "window", "close")


def promise(town: Town) -> Days:
    """出版物零售 by promise: decided at once, checked later."""
    citizen = town.citizen()
    draft = citizen.post("/v1/drafts", {"matter": TRADE, **filled_in(citizen, TRADE)})
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"promise": {"text_version": 1}}, draft["version"])
    upload = accepted_upload(citizen, town.drain)
    materials = {gap["material"]: [upload] for gap in draft["missing"] if gap["material"]}
    draft = citizen.patch(f"/v1/drafts/{draft['id']}", {"materials": materials, "delivery": PICKUP}, draft["version"])
    life = town.begin("promise", citizen, citizen.post(f"/v1/drafts/{draft['id']}/submit")["case"])
    town.act(life, "handler", "promise", text="按告知承诺当场准予许可。")
    yield "11-25"
    town.act(life, "window", "issue", serial="CB1")
    yield "11-26"
    town.act(life, "window", "hand_over", to="applicant")
    town.act(life, "window", "close")
    yield "12-04"
    town.act(life, "handler", "check_promise", outcome="kept", text="现场看过，和承诺的一样。")


def refused(town: Town) -> Days:
    """占道施工: refused, with its ground and the ways to appeal."""
    citizen = town.citizen()
    life = town.begin("refused", citizen, submitted(citizen, town.drain, matter=STREET))
    yield "11-25"
    town.act(life, "window", "accept")
    yield "11-30"
    town.act(life, "head", "review", opinion="disagree", text="影响消防通道")
    fields = {"kind": "refuse", "text": "占用消防通道，不予许可。"}
    assert "ground" in town.act(life, "handler", "decide", expect=422, **fields)["errors"]
    town.act(life, "handler", "decide", **fields, ground="消防法 第28条")
    told = citizen.get(life.path)
    assert ("行政复议" in told["decision"]["appeal"], told["reviews"][0]["text"]) == (True, "")
    yield "12-01"
    town.act(life, "window", "close")


def withdrawn_before(town: Town) -> Days:
    """小餐饮经营许可: withdrawn while the window still looks at the papers."""
    citizen = town.citizen()
    life = town.begin("withdrawn_before", citizen, submitted(citizen, town.drain, matter=SNACKS))
    yield "11-26"
    town.send(life, "withdrawal", {"reason": "店不开了"})
    yield "12-03"
    town.act(life, "window", "close")


def withdrawn_after(town: Town) -> Days:
    """户外广告: withdrawn while a procedure stops the clock."""
    citizen = town.citizen()
    life = town.begin("withdrawn_after", citizen, submitted(citizen, town.drain, matter=BILLBOARD))
    yield "11-25"
    town.act(life, "window", "accept")
    yield "11-27"
    town.act(life, "handler", "start_procedure", procedure="专家评审", days=5, text="结构安全评审")
    yield "12-02"
    town.send(life, "withdrawal", {"reason": "换地方了"})
    yield "12-03"
    town.act(life, "window", "close")


def corrected(town: Town) -> Days:
    """药品零售: a slip in the decision is corrected, and the licence made and handed over anew."""
    citizen = town.citizen()
    life = town.begin("corrected", citizen, submitted(citizen, town.drain, matter=CHEMIST, delivery=PICKUP))
    yield "11-25"
    town.act(life, "window", "accept")
    yield "11-30"
    town.act(life, "handler", "decide", kind="grant", text="准予许可，面积 10 平方米。")
    yield "12-01"
    town.act(life, "window", "issue", serial="YP1")
    yield "12-02"
    town.act(life, "window", "hand_over", to="applicant")
    yield "12-03"
    [about] = [
        choice["value"]
        for form in town.officer("handler").get(life.path)["act_forms"]
        for field in form["fields"]
        for choice in field["choices"]
        if (form["act"], field["key"]) == ("correct", "about")
    ]
    slip = {"was": "10 平方米", "right": "100 平方米", "reason": "漏写一个零"}
    town.act(life, "handler", "correct", about=about, **slip)
    town.act(life, "window", "reissue", serial="YP2", reason="面积写错")
    yield "12-04"
    assert town.act(life, "window", "close", expect=409)["code"] == "act_not_allowed"
    town.act(life, "window", "hand_over", to="applicant")
    town.act(life, "window", "close")


def without_a_phone(town: Town) -> Days:
    """高龄津贴 for somebody without a phone: the window fills in, and tells the news."""
    window = town.officer("window")
    draft = window.post(
        "/v1/drafts", {"matter": ALLOWANCE, **filled_in(window, ALLOWANCE), "aided": {"language": "zh"}}
    )
    needed = {gap["material"] for gap in draft["missing"] if gap["material"]} - {"consent"}
    scan, consent = accepted_upload(window, town.drain), accepted_upload(window, town.drain)
    change = {"materials": {**{key: [scan] for key in needed}, "consent": [consent]}, "delivery": PICKUP}
    draft = window.patch(f"/v1/drafts/{draft['id']}", change, draft["version"])
    life = town.begin("without_a_phone", None, window.post(f"/v1/drafts/{draft['id']}/submit")["case"])
    yield "11-25"
    tell(town, life)
    town.act(life, "window", "accept")
    yield "11-27"
    tell(town, life, "by_phone")
    town.act(life, "civil", "decide", kind="grant", text="年满八十周岁，同意给付。")
    yield "11-30"
    town.act(life, "window", "issue", serial="GL1")
    yield "12-02"
    tell(town, life)
    town.act(life, "window", "hand_over", to="applicant")
    town.act(life, "window", "close")


def tell(town: Town, life: Life, how: str = "in_person") -> None:
    """The window tells the applicant all that is listed of the case."""
    window = town.officer("window")
    [line] = [line for line in window.get("/v1/desk/untold")["items"] if line["number"] == life.number]
    version = {"If-Match": f'"{line["version"]}"'}
    answer = window.post(f"{life.path}/told", {"how": how, "since": line["since"]}, expect=200, headers=version)
    assert answer["untold"] is False


LIVES = (
    food,
    elderly,
    cafe_in_time,
    cafe_late,
    promise,
    refused,
    withdrawn_before,
    withdrawn_after,
    corrected,
    without_a_phone,
)


@pytest.fixture(scope="module")
def lives(shared_app, shared_clock, shared_sent):
    """All lives, walked once."""
    town = Town(shared_app, shared_clock, shared_sent)
    admin = town.admin()
    new_version(admin, CAFE, deferral=DEFERRAL)
    new_version(admin, TRADE, promise={**PROMISE, "check_days": 20, "check_unit": "工作日"})
    return town.walk({life.__name__: life for life in LIVES})


DIARIES = dict(part.partition("\n")[::2] for part in Path(__file__).with_name("lives.txt").read_text().split("== ")[1:])
"""By life: what its diary must say, by hand."""


@pytest.mark.parametrize("name", [life.__name__ for life in LIVES])
def test_every_day_of_a_life_is_what_the_law_and_the_matter_say(lives, name):
    life = lives[name]
    if isinstance(life, Exception):
        raise life
    assert life.pages == DIARIES[name].strip().splitlines()
