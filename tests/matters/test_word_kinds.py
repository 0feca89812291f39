"""Search by kinds of words, each term in the place of another: kin, losses, ends, ages, streets, split verbs."""

import pytest

from tests.matters.starter import LEXICON, index

KIN = (
    "我婆 我爷 我奶 我爸 我妈 我大 俺爹 俺娘 我外婆 我姥爷 我公公 丈母娘 岳父 老爷子 老太太 我阿公 我大伯 我舅 "
    "我姑 我太婆 屋里老人"
)
CHILDREN = "我娃 娃儿 碎娃 宝宝 小孩 我儿子 女儿 闺女 幺儿 小家伙 妮子 丫头 细伢子 娃子 双胞胎 孙子"
SPOUSES = "媳妇 老婆 婆姨 堂客 屋里人 掌柜的 男人 老公 我那口子 爱人 对象 女朋友 当家的 孩他爸 娃他妈"
LOST = (
    "丢了 弄丢了 搞丢了 整丢了 撂了 掉了 遗失了 找不着了 寻不见了 不见了 叫人偷了 叫贼偷了 落在车上了 洗坏了 "
    "折断了 磨烂了 泡水了 烧坏了 弄没了 甩了 不晓得放哪了"
)
ENDED = (
    "不开了 不干了 关了 关门了 黄了 垮了 倒了 倒闭了 开不下去了 整不下去了 搞不下去了 停了 歇了 收摊了 散伙了 "
    "盘不活了 转行了"
)
CHANGED = "换个地方 搬了 换老板 改名字 换名 换法人 搬到别处去 转给别人 过给我弟 加个经营项目 改个经营范围"
AGES = "80 83 88 95 100 八十 八十三 九十 九十九 一百零二"
SEVENTIES = "70 71 76 七十 七十一 七十六"
HOMES = "甘肃 河南 四川 山西 安徽 湖北 新疆 宁夏 内蒙 贵州 东北 汉中 安康 商洛 渭南 宝鸡 榆林 延安 铜川 农村 乡下 外省"
STREETS = "大明宫 火车站 解放路 长乐路 韩森寨 胡家庙 自强路 太华路 中山门 西一路 幸福路 东五路"

KINDS = [
    ("{}躺在床上动不了,养老金认证咋弄", KIN, "公共服务-011"),
    ("{}眼睛瞎了,想办残疾证", f"{KIN} {CHILDREN}", "行政确认-001"),
    ("{}上个月走了,户口咋销", KIN, "行政确认-007"),
    ("{}刚出生,上户口", CHILDREN, "行政确认-006"),
    ("给{}交医保", CHILDREN, "公共服务-004"),
    ("跟{}去领结婚证", SPOUSES, "行政确认-003"),
    ("跟{}过不下去了要离", SPOUSES, "行政确认-004"),
    ("社保卡{},咋补", LOST, "公共服务-005"),
    ("独生子女证{}", LOST, "行政确认-002"),
    ("公章{}", LOST, "公共服务-001"),
    ("店{},执照咋销", ENDED, "行政许可-006"),
    ("铺子{},照要退", ENDED, "行政许可-006"),
    ("执照要{}", CHANGED, "行政许可-005"),
    ("我妈{}了,有没有补贴", AGES, "行政给付-001"),
    ("今年{}岁,高寿的钱咋领", AGES, "行政给付-001"),
    ("老人{}岁,政府给发钱不", SEVENTIES, "行政给付-001"),
    ("我是{}人,想办居住证", HOMES, "行政确认-008"),
    ("{}人在西安能不能申请公租房", HOMES, "行政给付-008"),
    ("住在{},办低保找谁", STREETS, "行政给付-002"),
    ("在{}开理发店", STREETS, "行政许可-007"),
    ("离{}婚", "了 过 完 不了 个", "行政确认-004"),
    ("给娃落{}户", "个 了 不了", "行政确认-006"),
    ("退{}休领养老金", "了 完", "公共服务-012"),
    ("砍{}树", "棵 了 两棵 几棵", "行政许可-025"),
    ("贷{}款开店", "点 个 笔 些", "公共服务-010"),
]
"""A question with a gap, the terms that fill it, and the matter that is to come first."""

HELP = [
    ("没钱交房租,政府能帮不", "行政给付-008"),
    ("埋老人的钱谁出,老人有退休金", "公共服务-013"),
    ("没钱看病借了一屁股债", "行政给付-004"),
    ("老了没人管吃住", "行政给付-003"),
    ("交不起社保有没有补", "行政给付-007"),
    ("没饭吃了", "行政给付-002"),
    ("打官司没钱", "行政给付-009"),
    ("爸爸瘫痪在床能申请什么补助", "行政给付-005"),
]
"""Benefits by what they help with."""


@pytest.mark.parametrize(("question", "terms", "code"), KINDS, ids=[kind[0] for kind in KINDS])
def test_every_term_of_a_kind_finds_the_same_matter(question: str, terms: str, code: str) -> None:
    first = {term: index().search(question.format(term), 1) for term in terms.split()}
    assert [term for term, hits in first.items() if not hits or hits[0].code != f"XC-{code}"] == []


@pytest.mark.parametrize(("question", "code"), HELP)
def test_a_benefit_is_found_by_what_it_helps_with(question: str, code: str) -> None:
    assert index().search(question, 1)[0].code == f"XC-{code}"


def test_verbs_that_are_split_and_meanings_of_ages_are_in_the_lexicon() -> None:
    meanings = LEXICON["concepts"]
    words = {word for entry in meanings.values() for word in entry["words"]}
    assert set(LEXICON["separable"]["words"]) <= words
    assert {name for span in LEXICON["ages"]["of"] for name in span["meanings"]} <= set(meanings)


def test_a_word_belongs_to_one_office_and_means_nothing_of_ours() -> None:
    offices = [word for entry in LEXICON["elsewhere"].values() for word in entry["words"]]
    ours = {word for entry in LEXICON["concepts"].values() for word in entry["words"]}
    assert len(offices) == len(set(offices))
    assert set(offices) & ours == set()


def test_whom_to_ask_is_named_in_both_languages_with_a_number_or_none() -> None:
    named = [entry for entry in LEXICON["elsewhere"].values() if "zh" in entry]
    assert len(named) == len(LEXICON["elsewhere"]) - 1, "what nobody does has no office"
    assert all(
        entry["zh"] and entry["en"] and (entry["phone"] or "").isdigit() | (entry["phone"] is None) for entry in named
    )
