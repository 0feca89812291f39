"""What a single act was about, in words of the server: for the timeline and for notices, in both languages."""

from datetime import date

from api.calendar.day_words import TwoLanguages, day_words, number_of_days
from api.cases.case import Action
from api.cases.life.aided import FOR_APPLICANT, is_for_applicant
from api.cases.life.endings import BY_SYSTEM, CAUSES
from api.cases.promises.promise import RECTIFIED

NOTHING = TwoLanguages("", "")
SILENCE = TwoLanguages(
    "依照《行政许可法》第三十二条：五个工作日内没有告知的，自收到材料之日起即为受理",
    "By article 32 of the Administrative Licensing Law: not answered within five working days, it is accepted from the "
    "day on which the papers arrived",
)


def about(action: Action) -> TwoLanguages:
    """What an act was about beside its own text; empty where its label says all."""
    data = action.data
    if is_for_applicant(action):
        return FOR_APPLICANT
    match action.act:
        case "deem":
            return SILENCE
        case "start_procedure":
            days = number_of_days(data["days"], "working")
            return TwoLanguages(f"{data['procedure']}，预计 {days.zh}", f"{data['procedure']}, about {days.en}")
        case "end_procedure":
            return TwoLanguages(data["procedure"], data["procedure"])
        case "request_extension" if "unit" not in data:  # recorded before the unit was
            return TwoLanguages(f"{data['days']} 天", f"{data['days']} days")
        case "request_extension" | "approve_extension" | "refuse_extension":
            return number_of_days(data["days"], data["unit"])
        case "due_changed":
            return TwoLanguages(data["about"], data["about_en"])
        case "survey":
            met = data["result"] == "met"
            return TwoLanguages("符合要求", "As required") if met else TwoLanguages("不符合要求", "Not as required")
        case "terminate":
            return {**CAUSES, **BY_SYSTEM}.get(data.get("cause", ""), NOTHING)
        case "order_rectification":
            days = number_of_days(data["days"], "working")
            by = day_words(date.fromisoformat(data["due"]), None) if data["due"] else None
            return TwoLanguages(
                f"{days.zh}内整改" + (f"，最迟 {by.zh}" if by else ""),
                f"To be put right within {days.en}" + (f", by {by.en}" if by else ""),
            )
        case "check_rectification":
            is_right = data["outcome"] == RECTIFIED
            return (
                TwoLanguages("已整改到位", "Put right") if is_right else TwoLanguages("没有整改到位", "Not put right")
            )
        case "revoke":
            return TwoLanguages(f"依据：{data['ground']}", f"Ground: {data['ground']}")
        case "correct":
            return TwoLanguages(
                f"原来写的：{data['was']}；应当是：{data['right']}", f"Written: {data['was']}; right: {data['right']}"
            )
        case "reissue":
            return TwoLanguages(f"新编号 {data['serial']}", f"New number {data['serial']}")
    return NOTHING


def notice_values(action: Action) -> dict[str, str]:
    """What the notice of an act says of it: `about`, `about_en`."""
    words = about(action)
    return {"about": words.zh, "about_en": words.en}
