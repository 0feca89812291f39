"""Three people for each of the matters with situations of their own: what each is told, written down by hand beside the
law that the matter names, before it was run. All come on Tuesday, 24 November 2026.

`held` is not asked for; `later` may follow; `legal` and `promised` are the last days (None: none set, or, for the
thirty working days of 低保, in a year whose holidays are not announced yet).
"""

from dataclasses import dataclass
from typing import Any

import pytest

FOOD, SMALL, TRADER = "XC-行政许可-001", "XC-行政许可-002", "XC-行政许可-003"
HYGIENE, CAFE, CAFE_FINAL = "XC-行政许可-007", "XC-行政许可-008", "XC-行政许可-009"
OLD_CARD, INSURANCE, JOBLESS = "XC-公共服务-003", "XC-公共服务-004", "XC-公共服务-007"
ALLOWANCE, AID = "XC-行政给付-001", "XC-行政给付-002"
TODAY = "2026-11-24"
AGENT = ("授权委托书（申请人签名）", "代办人居民身份证")
COMPANY_AGENT = ("单位授权委托书（盖公章）", "经办人居民身份证")
HOLDER, PERSON, BUSINESS = "法定代表人(负责人)居民身份证", "申请人居民身份证", "营业执照"


@dataclass(frozen=True)
class Person:
    """Somebody with their situation, and what they are told."""

    who: str
    matter: str
    answers: str
    bring: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    fill_in: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    legal: str | None = None
    promised: str | None = None
    law: str = ""
    says: tuple[str, ...] = ()
    stop: bool = False
    see: str | None = None


PLANS, RULES = "主要设备设施布局、操作流程文件", "食品安全自查、健康管理、进货查验、事故处置等制度清单"
FOOD_FORM = "食品经营许可申请书"
OLD_FOOD = "原食品经营许可证"
TEN_DAYS, FIFTEEN_DAYS, TWENTY_DAYS = "2026-12-08", "2026-12-15", "2026-12-22"

PEOPLE = [
    # 食品经营许可：食品安全法 第35条；现场核查占用时限（行政许可法 第34、45条）
    Person(
        "a cook who opens a noodle shop and applies by phone",
        FOOD,
        "kind:new,business_licence:have,size:restaurant,applicant:person,way:online,by:self,licences:current",
        bring=(PLANS, RULES),
        held=(BUSINESS, HOLDER),
        fill_in=(FOOD_FORM,),
        later=(PLANS, RULES),
        legal=TEN_DAYS,
        promised=TEN_DAYS,
        law="食品安全法 第33、35条",
        says=("两名以上工作人员",),
    ),
    Person(
        "a company whose licence runs out, kitchen unchanged, sent an employee to the window",
        FOOD,
        "kind:renew,layout:same,applicant:company,way:window,by:agent",
        bring=(RULES, *COMPANY_AGENT),
        held=(OLD_FOOD, BUSINESS, HOLDER),
        fill_in=(FOOD_FORM,),
        later=(RULES,),
        legal=TEN_DAYS,
        promised=TEN_DAYS,
        law="食品经营许可和备案管理办法(市场监管总局令第78号)",
        says=("90 个工作日至 15 个工作日",),
    ),
    Person(
        "a shop that only sells packaged food",
        FOOD,
        "size:packaged,applicant:person",
        bring=(PLANS, RULES),
        held=(BUSINESS, HOLDER),
        fill_in=(FOOD_FORM,),
        later=(PLANS, RULES),
        legal=TEN_DAYS,
        promised=TEN_DAYS,
        law="食品安全法 第35条",
        says=("备案就行",),
        stop=True,
        see="XC-其他行政权力-005",
    ),
    # 小餐饮：食品安全法 第36条和陕西省条例
    Person(
        "one man with a rented stall",
        SMALL,
        "kind:new,premises:rented,hands:alone,dishes:own,way:window,by:self",
        bring=(
            "本人健康证明",
            "经营场所租赁协议",
            "场所设备布局、卫生设施示意图及说明",
            "食品安全管理制度",
        ),
        held=(BUSINESS, "经营者居民身份证"),
        fill_in=("小餐饮经营许可申请书",),
        later=("本人健康证明", "经营场所租赁协议", "食品安全管理制度"),
        legal=FIFTEEN_DAYS,
        promised=TEN_DAYS,
        law="食品安全法 第45条",
        says=("您本人要有健康证明",),
    ),
    Person(
        "an owner with helpers and no disinfection, who lacks some papers today",
        SMALL,
        "kind:new,premises:own,hands:staff,dishes:none,way:window,complete:later",
        bring=("场所设备布局、卫生设施示意图及说明",),
        held=(BUSINESS, "经营者居民身份证"),
        fill_in=("小餐饮经营许可申请书", "容缺受理承诺书"),
        later=(
            "每一位从业人员的健康证明",
            "经营场所产权证明",
            "食品安全管理制度",
            "集中消毒餐具供货凭证（或使用一次性餐具的说明）",
        ),
        legal=FIFTEEN_DAYS,
        promised=TEN_DAYS,
        law="陕西省食品小作坊小餐饮及摊贩管理条例",
        says=("一次性餐具", "承诺书"),
    ),
    Person(
        "a stall whose name changes",
        SMALL,
        "kind:change,premises:own",
        bring=(
            "从业人员健康证明",
            "经营场所产权证明",
            "场所设备布局、卫生设施示意图及说明",
            "食品安全管理制度",
            "变更事项的证明材料",
        ),
        held=("原小餐饮经营许可证", BUSINESS, "经营者居民身份证"),
        fill_in=("小餐饮经营许可申请书",),
        later=("从业人员健康证明", "经营场所产权证明", "食品安全管理制度"),
        legal=FIFTEEN_DAYS,
        promised=TEN_DAYS,
        says=("换了经营地址的，要重新申请",),
    ),
    # 个体工商户：市场主体登记管理条例 第19条，当场登记，不能的 3 个工作日
    Person(
        "a woman with an online shop",
        TRADER,
        "kind:new,premises:online,owner:one,approval:none,way:online,by:self",
        bring=("电子商务平台出具的网络经营场所使用证明",),
        held=("经营者居民身份证",),
        fill_in=("个体工商户登记申请书",),
        legal="2026-11-27",
        promised=TODAY,
        law="市场主体登记管理条例 第11条；国市监注〔2018〕236号",
        says=("3 个工作日", "平台给的网络经营场所"),
    ),
    Person(
        "a family in a flat, for a trade that was approved first",
        TRADER,
        "kind:new,premises:home,owner:family,approval:first",
        bring=("经营场所使用证明(产权证明或租赁协议)", "有利害关系的业主一致同意的证明", "前置许可批准文件"),
        held=("参加经营的家庭成员居民身份证", "经营者居民身份证"),
        fill_in=("个体工商户登记申请书",),
        later=("经营场所使用证明(产权证明或租赁协议)",),
        legal="2026-11-27",
        promised=TODAY,
        law="民法典 第279条",
        says=("有利害关系的业主一致同意",),
    ),
    Person(
        "a trader who gives up",
        TRADER,
        "kind:close",
        bring=("经营场所使用证明(产权证明或租赁协议)",),
        held=("经营者居民身份证",),
        fill_in=("个体工商户登记申请书",),
        later=("经营场所使用证明(产权证明或租赁协议)",),
        legal="2026-11-27",
        promised=TODAY,
        law="市场主体登记管理条例 第33条",
        says=("简易注销",),
        stop=True,
        see="XC-行政许可-006",
    ),
    # 网吧：互联网上网服务营业场所管理条例 第7~11、13条
    Person(
        "a company that rents in a business block",
        CAFE,
        "stage:before,premises:rented,school:no,building:business,way:window,by:agent",
        bring=(
            "企业章程",
            "资金信用证明",
            "营业场所租赁意向书",
            "营业场所地理位置图和平面图",
            *COMPANY_AGENT,
        ),
        held=(BUSINESS, HOLDER),
        fill_in=("互联网上网服务营业场所筹建申请表",),
        later=("资金信用证明",),
        legal=TWENTY_DAYS,
        promised=TEN_DAYS,
        law="互联网上网服务营业场所管理条例 第7~11条",
        says=("批了筹建还不能营业",),
    ),
    Person(
        "a company beside a school",
        CAFE,
        "stage:before,premises:own,school:yes,building:business",
        bring=("企业章程", "资金信用证明", "营业场所产权证明", "营业场所地理位置图和平面图"),
        held=(BUSINESS, HOLDER),
        fill_in=("互联网上网服务营业场所筹建申请表",),
        later=("资金信用证明",),
        legal=TWENTY_DAYS,
        promised=TEN_DAYS,
        law="互联网上网服务营业场所管理条例 第9条",
        says=("200 米",),
        stop=True,
    ),
    Person(
        "a company in a block of flats",
        CAFE,
        "stage:before,premises:own,school:no,building:dwelling,way:window,complete:later",
        bring=("企业章程", "营业场所产权证明", "营业场所地理位置图和平面图"),
        held=(BUSINESS, HOLDER),
        fill_in=("互联网上网服务营业场所筹建申请表", "容缺受理承诺书"),
        later=("资金信用证明",),
        legal=TWENTY_DAYS,
        promised=TEN_DAYS,
        law="互联网上网服务营业场所管理条例 第9条",
        says=("居民住宅楼（院）内不能开",),
        stop=True,
    ),
    Person(
        "fitted out as approved, all passed",
        CAFE_FINAL,
        "approved:yes,police:yes,fire:yes,altered:same",
        bring=("信息网络安全承诺书(公安当场确认)", "安全管理制度和技术措施说明"),
        held=("同意筹建批准文件", "消防安全检查合格文件"),
        fill_in=("终审申请表",),
        later=("安全管理制度和技术措施说明",),
        legal=FIFTEEN_DAYS,
        promised="2026-12-03",
    ),
    Person(
        "with more machines than approved",
        CAFE_FINAL,
        "approved:yes,police:yes,fire:yes,altered:other",
        bring=("信息网络安全承诺书(公安当场确认)", "安全管理制度和技术措施说明", "变更事项的说明"),
        held=("同意筹建批准文件", "消防安全检查合格文件"),
        fill_in=("终审申请表",),
        later=("安全管理制度和技术措施说明",),
        legal=FIFTEEN_DAYS,
        promised="2026-12-03",
        law="互联网上网服务营业场所管理条例 第13条",
        says=("要经原审核机关同意",),
    ),
    Person(
        "who never had the first approval",
        CAFE_FINAL,
        "approved:no",
        bring=("信息网络安全承诺书(公安当场确认)", "安全管理制度和技术措施说明"),
        held=("同意筹建批准文件", "消防安全检查合格文件"),
        fill_in=("终审申请表",),
        later=("安全管理制度和技术措施说明",),
        legal=FIFTEEN_DAYS,
        promised="2026-12-03",
        law="互联网上网服务营业场所管理条例 第11条",
        stop=True,
        see=CAFE,
    ),
    # 老年人优待证：老年人权益保障法 第53条
    Person(
        "a local of 70",
        OLD_CARD,
        "age:sixty_five,residence:local,kind:new,way:window,by:self",
        bring=("近期免冠彩色照片",),
        held=(PERSON,),
        promised=TODAY,
        says=("满 65 周岁",),
    ),
    Person(
        "a father from another province who lives with his daughter, who goes for him",
        OLD_CARD,
        "age:sixty,residence:elsewhere,kind:new,way:window,by:agent",
        bring=("近期免冠彩色照片", *AGENT),
        held=("居住证", PERSON),
        promised=TODAY,
        law="老年人权益保障法 第53条",
        says=("享受同等优待", "民法典第161、165条"),
    ),
    Person(
        "somebody of 58",
        OLD_CARD,
        "age:under_sixty",
        bring=("近期免冠彩色照片",),
        held=(PERSON,),
        promised=TODAY,
        stop=True,
        law="老年人权益保障法 第2条",
        says=("满 60 周岁",),
    ),
    # 高龄补贴：老年人权益保障法 第33条
    Person(
        "85, with a card of her own",
        ALLOWANCE,
        "age:eighty,hukou:yes,card:own,lives:well,licences:current",
        bring=("本人社会保障卡(或银行卡)账号",),
        held=(PERSON, "居民户口簿"),
        fill_in=("高龄补贴申请表",),
        later=("本人社会保障卡(或银行卡)账号",),
        promised=TEN_DAYS,
        law="老年人权益保障法 第33条",
        says=("80 周岁以上",),
    ),
    Person(
        "92 and bedridden, paid to her son's card, register just changed",
        ALLOWANCE,
        "age:ninety,hukou:yes,card:family,lives:bedridden,licences:changed,way:home,by:agent",
        bring=(
            "代领家人的社会保障卡（或银行卡）账号",
            "委托代领说明（老人签名或按手印）",
            "代领家人居民身份证和亲属关系证明",
            *AGENT,
            PERSON,
            "居民户口簿",
        ),
        fill_in=("高龄补贴申请表",),
        later=("代领家人的社会保障卡（或银行卡）账号",),
        promised=TEN_DAYS,
        law="老年人权益保障法 第33条",
        says=("社区可以上门办",),
    ),
    Person(
        "82, registered in another district",
        ALLOWANCE,
        "age:eighty,hukou:no",
        bring=("本人社会保障卡(或银行卡)账号",),
        held=(PERSON, "居民户口簿"),
        fill_in=("高龄补贴申请表",),
        later=("本人社会保障卡(或银行卡)账号",),
        promised=TEN_DAYS,
        law="老年人权益保障法 第33条",
        says=("户口所在地的街道或社区",),
        stop=True,
    ),
    # 居民医保：社会保险法 第25条
    Person(
        "a mother with a newborn",
        INSURANCE,
        "who:newborn,residence:local,aid:none,way:online",
        bring=("监护人的银行卡账号（缴费用）",),
        held=("出生医学证明", "监护人居民身份证", "居民户口簿"),
        fill_in=("城乡居民医保参保登记表",),
        later=("监护人的银行卡账号（缴费用）",),
        promised=TODAY,
        says=("随时能办",),
    ),
    Person(
        "a worker from elsewhere with a residence permit",
        INSURANCE,
        "who:adult,residence:permit,aid:none",
        bring=("本人社会保障卡(或银行卡)账号",),
        held=(PERSON, "居住证"),
        fill_in=("城乡居民医保参保登记表",),
        later=("本人社会保障卡(或银行卡)账号",),
        promised=TODAY,
        says=("集中缴费期", "持居住证"),
    ),
    Person(
        "a man on minimum living aid",
        INSURANCE,
        "who:adult,residence:local,aid:low_income,by:self",
        bring=("本人社会保障卡(或银行卡)账号",),
        held=("最低生活保障证（或特困人员供养证）", PERSON, "居民户口簿"),
        fill_in=("城乡居民医保参保登记表",),
        later=("本人社会保障卡(或银行卡)账号",),
        promised=TODAY,
        law="社会保险法 第25条",
        says=("个人缴费由政府补贴",),
    ),
    # 低保：社会救助暂行办法 第9~13条
    Person(
        "alone, without any income",
        AID,
        "household:alone,registered:here,work:none,illness:none",
        held=("本人居民身份证", "居民户口簿"),
        fill_in=("低保申请及授权核查书", "家庭经济状况核对授权书"),
        promised=TWENTY_DAYS,
        says=("不用交收入证明",),
    ),
    Person(
        "a family with a pension and a grave illness, who live elsewhere than registered",
        AID,
        "household:family,registered:elsewhere,work:some,illness:ill",
        bring=("收入、财产证明材料", "医院诊断证明"),
        held=("居住证", "共同生活家庭成员身份证", "居民户口簿"),
        fill_in=("低保申请及授权核查书", "家庭经济状况核对授权书（每位成年家庭成员签名）"),
        later=("收入、财产证明材料", "医院诊断证明"),
        promised=TWENTY_DAYS,
        law="社会救助暂行办法 第11条；最低生活保障审核确认办法(民发〔2021〕57号) 第5条",
        says=("都要写进表里", "一般向户口所在地的街道申请"),
    ),
    Person(
        "severely disabled, the residents' committee applies",
        AID,
        "household:alone,work:none,illness:disabled,way:window,by:agent",
        bring=AGENT,
        held=("残疾人证", "本人居民身份证", "居民户口簿"),
        fill_in=("低保申请及授权核查书", "家庭经济状况核对授权书"),
        promised=TWENTY_DAYS,
        law="社会救助暂行办法 第9~13条",
        says=("委托社区居委会或者其他人代为提出申请",),
    ),
    # 公共场所卫生：公共场所卫生管理条例 第4、8条；一般程序 20 个工作日（行政许可法 第42条）
    Person(
        "a hairdresser who promises",
        HYGIENE,
        "kind:new,venue:hair,air:no,procedure:promise,applicant:person",
        bring=(
            "场所地址方位示意图",
            "平面图和卫生设施平面布局图",
            "公共场所卫生管理制度",
            "公共场所卫生检测或评价报告",
        ),
        held=(HOLDER, BUSINESS),
        fill_in=("公共场所卫生许可申请表", "公共场所卫生许可告知承诺书"),
        later=("公共场所卫生管理制度", "公共场所卫生检测或评价报告"),
        legal=TWENTY_DAYS,
        promised=TODAY,
        says=("国办发〔2020〕42号",),
    ),
    Person(
        "a bath with central air, the usual way",
        HYGIENE,
        "kind:new,venue:bath,air:yes,procedure:usual,applicant:company",
        bring=(
            "场所地址方位示意图",
            "平面图和卫生设施平面布局图",
            "公共场所卫生管理制度",
            "水质等卫生检测或评价报告",
            "集中空调通风系统卫生检测报告",
        ),
        held=(HOLDER, BUSINESS),
        fill_in=("公共场所卫生许可申请表",),
        later=("公共场所卫生管理制度", "水质等卫生检测或评价报告", "集中空调通风系统卫生检测报告"),
        legal=TWENTY_DAYS,
        promised=None,
        law="行政许可法 第42条",
        says=("20 个工作日内作出决定",),
    ),
    Person(
        "a bookshop",
        HYGIENE,
        "venue:books",
        bring=(
            "场所地址方位示意图",
            "平面图和卫生设施平面布局图",
            "公共场所卫生管理制度",
            "公共场所卫生检测或评价报告",
        ),
        held=(HOLDER, BUSINESS),
        fill_in=("公共场所卫生许可申请表", "公共场所卫生许可告知承诺书"),
        later=("公共场所卫生管理制度", "公共场所卫生检测或评价报告"),
        legal=TWENTY_DAYS,
        promised=TODAY,
        law="公共场所卫生管理条例 第4、8条(2024年12月国务院令第797号修改后)",
        says=("30 天内做卫生备案",),
        stop=True,
    ),
    # 失业登记：社会保险法 第50条
    Person(
        "dismissed, wants the benefit",
        JOBLESS,
        "before:employed,residence:local,benefit:yes,way:online,by:self",
        bring=("终止、解除劳动关系证明",),
        held=(PERSON,),
        fill_in=("失业登记表",),
        later=("终止、解除劳动关系证明",),
        promised=TODAY,
        law="社会保险法 第50条",
        says=("原单位应当及时给您开", "前提"),
        see="XC-公共服务-008",
    ),
    Person(
        "a graduate from another province",
        JOBLESS,
        "before:graduate,residence:elsewhere,benefit:no",
        bring=("毕业证书",),
        held=("居住证", PERSON),
        fill_in=("失业登记表",),
        later=("毕业证书",),
        promised=TODAY,
        law="就业服务与就业管理规定 第63条",
        says=("可以在常住地登记",),
    ),
    Person(
        "whose own shop closed",
        JOBLESS,
        "before:own,residence:local",
        held=("市场主体注销证明", PERSON),
        fill_in=("失业登记表",),
        promised=TODAY,
        says=("不用交解除劳动关系证明",),
    ),
]


def names(materials: list[dict[str, Any]]) -> list[str]:
    """Sorted: what is told counts, not its order."""
    return sorted(material["name"] for material in materials)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.matter[-3:]} {person.who}")
def test_each_is_told_what_is_theirs(anyone: Any, person: Person) -> None:
    guide = anyone.get(f"/v1/matters/{person.matter}/guide?answers={person.answers}")
    assert names(guide["to_bring"]) == sorted(person.bring)
    assert names(guide["held_by_state"]) == sorted(person.held)
    assert names(guide["to_fill_in"]) == sorted(person.fill_in)
    assert names(guide["may_follow"]) == sorted(person.later)
    assert guide["limits"] == {"legal_due": person.legal, "promised_due": person.promised, "from": TODAY}
    text = " ".join(note["text"] for note in guide["notes"])
    assert [words for words in person.says if words not in text] == []
    laws = {*guide["legal_basis"], *(note["basis"] for note in guide["notes"])}
    assert not person.law or person.law in laws
    assert any(note["stop"] for note in guide["notes"]) == person.stop
    assert person.see is None or person.see in {note["see"] for note in guide["notes"]}


def test_there_are_three_people_for_each_matter() -> None:
    counts = [sum(person.matter == code for person in PEOPLE) for code in {person.matter for person in PEOPLE}]
    assert counts == [3] * 11


def test_the_usual_way_has_steps_of_its_own(anyone: Any) -> None:
    path = f"/v1/matters/{HYGIENE}/guide?answers=procedure:"
    usual, promise = anyone.get(f"{path}usual"), anyone.get(f"{path}promise")
    assert "现场审查" in [step["name"] for step in usual["steps"]]
    assert "现场审查" not in [step["name"] for step in promise["steps"]]
    assert (usual["case_type"], promise["case_type"]) == ("承诺件", "即办件")
    assert (usual["promised"], promise["promised"]) == (None, {"days": 0, "unit": "working"})
    assert all(step["role"] for step in usual["steps"])
