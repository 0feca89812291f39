"""What the rules of the rooms and of the chat say of a field, in English. They say it in Chinese themselves."""

RULES: dict[str, str] = {
    # -- calendar and points
    "一次改 1 到 {most} 天，每天只写一次。": "Change 1 to {most} days at a time, each day once.",
    "开放时间读不懂，例：Mo-Fr 09:00-12:00,13:00-17:00。（{why}）": (
        "Opening hours not understood, e.g. Mo-Fr 09:00-12:00,13:00-17:00. ({why})"
    ),
    "时段先后颠倒或重叠：{text}": "periods out of order or overlapping: {text}",
    # -- cases and drafts
    "只有窗口人员可以替到场的人填写。": "Only officers at a window fill in for somebody who is there.",
    "窗口只能替到场的人填写：请选申请人的语言，不用委托书，也不接着咨询填。": (
        "A window fills in for somebody who is there: choose their language; no mandate, and no talk."
    ),
    "这一步没有用语模板。": "This act has no templates.",
    "请扫描上传申请人签名的同意书。": "Scan and upload the consent that the applicant signed.",
    "在窗口只替个人填写。": "At a window one fills in for persons alone, not for companies.",
    "这一项没有可以带入的内容，请自己填写。": "There is nothing to take over here; please fill it in.",
    "请看过告知承诺书，接受后再提交；不接受的，改选一般程序。": (
        "Read the text of the promise and agree to it, or choose the usual way."
    ),
    "承诺后补的材料没有在期限内交来，终止办理。可以备齐材料重新申请。": (
        "What was to follow did not come in time: the application ends. You can apply again with all papers."
    ),
    "原认领人已不在岗，或者长期没有办理，原认领已失效。": "The earlier claim ended: its officer left or did nothing.",
    "看不懂这个备注：{text}，只能写 extended 或不写": "note not understood: {text}; write extended or nothing",
    "看不懂这段日期：{text}，年份要么都写，要么都不写，先写早的": (
        "dates not understood: {text}; write both years or none, the earlier first"
    ),
    "没有这一天：{text}": "no such day: {text}",
    "看不懂是星期几：{text}，要写成 Mo-Fr 或 Sa,Su": "days not understood: {text}; write them as Mo-Fr or Sa,Su",
    "看不懂这个时间：{text}，要写成 09:00-12:00": "time not understood: {text}; write it as 09:00-12:00",
    "没有这个钟点：{text}": "no such time of day: {text}",
    "关门早于开门：{text}，过夜的分成两天写，到 24:00 和从 00:00": (
        "closes before it opens: {text}; write a night as two days, to 24:00 and from 00:00"
    ),
    "还没有路网，画不出可达范围。": "There is no street network yet, so the area cannot be drawn.",
    "这个服务点还没有位置。": "This point has no position yet.",
    "不认识：{names}。可以用：{known}。": "Not known: {names}. Known are: {known}.",
    "不认识这些设施：{names}。可以用：{known}。": "These facilities are not known: {names}. Known are: {known}.",
    "没有这个事项，请先搜索事项再选。": "There is no such matter. Search for matters, then choose one.",
    "应在 {least} 到 {most} 度之间。": "Give {least} to {most} degrees.",
    "不在本系统的服务区域内。": "Outside of the area that is served here.",
    "经度和纬度好像写反了：lon 是经度，lat 是纬度。": (
        "Longitude and latitude seem to be exchanged: lon is the longitude."
    ),
    "经度和纬度好像写反了。": "Longitude and latitude seem to be exchanged.",
    "经度和纬度都要写成度数，或都空着。": "Give longitude and latitude as degrees, or neither.",
    "缺少这一列：{name}。": "The column {name} is missing.",
    "不认识这一列：{name}。": "The column {name} is not known.",
    "这一列出现了两次：{name}。": "The column {name} is there twice.",
    "文件里没有服务点。": "The file has no points.",
    "这一行的格子比表头多。": "The row has more cells than the header.",
    "编号必填：字母、数字、- 和 _，最多 40 个。": "Give an id: letters, digits, - and _, at most 40.",
    "编号 {name} 在前面已经出现过。": "The id {name} was there before.",
    "名称必填，最多 100 字。": "Give a name of at most 100 characters.",
    "只有大厅可以写从哪天起受理。": "Only a hall may have a day from which it accepts.",
    "电话里有认不出的字符。": "The telephone number has characters that belong to none.",
    "社区代码应以街道代码开头。": "The code of a community begins with that of its street.",
    "应为 {least} 到 {most} 的整数。": "Give a whole number from {least} to {most}.",
    "不是合格的 CSV：{why}。": "This is no sound CSV: {why}.",
    "不能有分号或换行。": "No semicolons or line breaks.",
    "文字编码不是 UTF-8 或 GB 18030，请另存为 CSV UTF-8。": (
        "The text is neither UTF-8 nor GB 18030. Save it as CSV UTF-8."
    ),
    "文字不像 GB 18030，可能是 Big5 等别的编码。请另存为 CSV UTF-8 再导入。": (
        "The text looks like Big5 or another encoding. Save it as CSV UTF-8."
    ),
    "文字像是用错了编码读出来的乱码。请从原来的文件另存为 CSV UTF-8 再导入。": (
        "The text was read in a wrong encoding before. Save the original as CSV UTF-8."
    ),
    "不能有换行等控制字符，也不能超过 {most} 字。": (
        "No control characters such as line breaks; at most {most} characters."
    ),
    "应为日期，例：2025-11-24。": "Give a day, e.g. 2025-11-24.",
    "应为 {digits} 位数字（国家统计局区划代码）。": (
        "Give {digits} digits (codes of the National Bureau of Statistics)."
    ),
    "表格软件把它变成了科学计数法，请把这一列设为文本。": (
        "A spreadsheet has made it scientific notation: set the column to text."
    ),
    "{day} 写了两次。": "{day} is there twice.",
    "事项 {code} 写了两次。": "The matter {code} is there twice.",
    "看不懂：{text}。例：XC-1 accept+collect，不办写 -。": (
        "Not understood: {text}. E.g. XC-1 accept+collect; - for nothing."
    ),
    "看不懂：{text}。例：2026-12-31 off 盘点，或 2027-01-09 09:00-12:00。": (
        "Not understood: {text}. E.g. 2026-12-31 off stocktaking, or 2027-01-09 09:00-12:00."
    ),
    # -- matters, forms, drafts, cases, parcels, files, reports
    "没有这个事项：{names}。": "There is no such matter: {names}.",
    "没有这个事项：{names}": "There is no such matter: {names}",
    "没有这个事项，请重新选择。": "There is no such matter. Choose again.",
    "这个事项没有这样的问题或选项：{names}。": "The matter has no such question or option: {names}.",
    "编码由三到四十个字母、数字、汉字和短横组成。": (
        "A code is 3 to 40 letters, digits, Chinese characters and hyphens."
    ),
    "新事项要先有名称。": "A new matter needs a name first.",
    "这张表里没有这一项。": "The form has no such field.",
    "这一项应当填文字。": "Give a text.",
    "这一项可以选几个，请重新选择。": "Several may be chosen here. Choose again.",
    "最多 {most} 个字。": "At most {most} characters.",
    "最多 {most} 行。": "At most {most} rows.",
    "这一项写在一行里。": "Write this on one line.",
    "这一项一行一行地填。": "Fill this in row by row.",
    "请填数字，最多两位小数。": "Give a number, with two decimals at most.",
    "请填整数。": "Give a whole number.",
    "不能小于 {least}。": "Not less than {least}.",
    "不能大于 {most}。": "Not more than {most}.",
    "日期写成 2026-01-31 这样。": "Write the date like 2026-01-31.",
    "没有这一天，请核对。": "There is no such day. Check it.",
    "这个日期太晚了，请核对。": "This date is too late. Check it.",
    "这个日期太早了，请核对。": "This date is too early. Check it.",
    "没有这个选项，请重新选择。": "There is no such option. Choose again.",
    "卡号有一位写错了，请对照卡面核对。": "A digit of the card number is wrong. Compare it with the card.",
    "请选择怎样领取结果。": "Choose how to receive the result.",
    "“{name}”还在上传或检查，或没有通过检查。": '"{name}" is still uploaded or checked, or was not accepted.',
    "您起草时的那一版已经停用，请先改用新版。": "The version of this draft has ended. Move to the new one first.",
    "这个事项已经停办，不能再提交。": "This matter has ended and cannot be submitted any more.",
    "请填写委托人本人的身份证号。": "Give the principal's own identity number.",
    "委托人是单位，请在“您的情况”里选公司、单位。": "The principal is a company: choose so in your situation.",
    "委托人是单位，这件事只能由个人申请。": "The principal is a company, and only persons may apply for this.",
    "请填写委托单位的统一社会信用代码。": "Give the principal company's unified social credit code.",
    "请填写委托人。": "Give the principal.",
    "现在按另一版办理，请刷新后再选。": "Another version is in force now. Reload, then choose.",
    "这条消息里没有图片或文件。": "The message has no picture and no file.",
    "没有找到这段咨询。": "The conversation was not found.",
    "这个事项没有这项材料。": "The matter has no such material.",
    "没有这项材料：{names}": "There is no such material: {names}",
    "政府已有，不能要求申请人再交：{names}": "The state holds this, so the applicant is not asked for it: {names}",
    "一项材料最多 {most} 个文件。": "At most {most} files for a material.",
    "这个文件在另一份申请里，请重新扫描上传。": "This file belongs to another application. Scan and upload anew.",
    "同意书要单独扫描，不能和别的材料用同一个文件。": (
        "Scan the consent by itself: it cannot be the same file as a material."
    ),
    "文件不存在，请重新上传。": "The file does not exist. Upload it again.",
    "有文件已经被清理，请重新上传。": "A file has been removed meanwhile. Upload it again.",
    "请补交这项材料。": "Hand in this material.",
    "文件还没有通过检查，请稍候或重新上传。": "The file is not accepted yet. Wait, or upload it again.",
    "这次没有要求补这项材料。": "This material was not asked for this time.",
    "这次没有要求新的材料，不用写漏告知的理由。": "Nothing new is asked for, so no reason is needed.",
    "代领的请写明凭证，例如委托书和代领人的身份证。": (
        "Name the proof of whoever collects it for somebody else, e.g. a letter of authority and their identity card."
    ),
    "没有这个部门，请从部门目录中选择。": "There is no such department. Choose one of the list.",
    "办件已经在这个部门。": "The case is with this department already.",
    "运单号应为 8 到 24 位字母和数字。": "A waybill number has 8 to 24 letters and digits.",
    "运单号的校验位不对，请核对。": "The check digit of the waybill number is wrong. Check it.",
    "没有接通这家快递。": "This carrier is not connected.",
    "读不懂这条推送。": "The push is not understood.",
    "没有这个服务点或事项。写法：point:编号，或 matter:事项编码。": (
        "There is no such point or matter. Write point:ID, or matter:CODE."
    ),
    # -- identity
    "身份证号应为 18 位，请核对。": "An identity number has 18 digits. Check it.",
    "身份证号应为 18 位，请核对。{more}": "An identity number has 18 digits. Check it. {more}",
    "证件号码不对，请核对。身份证、居住证、外国人永久居留身份证是 18 位；也可以填来往内地（大陆）通行证或护照号码。": (
        "The number is not that of a document. Identity, residence and permanent residence cards have 18 digits; "
        "the number of a travel permit or passport is taken too."
    ),
    "永久居留证号码里的出生日期不对，请核对。": "The birth date in the permanent residence number is wrong. Check it.",
    "身份证号有一位写错了，请核对。": "A digit of the identity number is wrong. Check it.",
    "身份证号里的出生日期不对，请核对。": "The birth date in the identity number is wrong. Check it.",
    "身份证号里的地区码不对，请核对。": "The district code in the identity number is wrong. Check it.",
    "请填写 11 位手机号。": "Give a mobile number of 11 digits.",
    "统一社会信用代码应为 18 位，请核对。": "A unified social credit code has 18 characters. Check it.",
    "统一社会信用代码里的地区码不对，请核对。": "The district code in the credit code is wrong. Check it.",
    "统一社会信用代码有一位写错了，请核对。": "A character of the credit code is wrong. Check it.",
    "请填写姓名(不超过 {most} 个字)。": "Give a name of at most {most} characters.",
    "验证码不对或已过期，请核对或重新获取。": "The code is wrong or has expired. Check it, or ask for another.",
    "这就是现在的手机号，不用更换。": "This is the present number already.",
    "有效期不能早于今天。": "It cannot end before today.",
    "这种证件看不出孩子的出生日期，请用身份证或居住证号码登记监护代办。": (
        "This document does not show the child's birth date. Use an identity or residence card."
    ),
    "监护代办最晚到孩子年满 18 周岁的前一天。": "A guardian's mandate ends before the child's 18th birthday.",
    "不能委托自己。": "One cannot be one's own agent.",
    "证件号码与这个账号核验过的不一致，请核对证件。": "The number is not that which this account was verified with.",
    "岗位只能是 {names}。": "Roles are: {names}.",
    "没有这个部门，请填部门目录中的代码，如 SPJ。": "There is no such department. Give a code of the list, e.g. SPJ.",
    "没有这个服务点，或它已关闭，请填服务点目录中在用的编号，如 XC-H01。": (
        "There is no such point, or it is closed. Give the id of one in use, e.g. XC-H01."
    ),
    # -- chat
    "应为一组键值。": "Give an object.",
    "应为 {names} 之一。": "Must be one of: {names}.",
    "卡片类型应为 {names} 之一。": "The type of a card must be one of: {names}.",
    "应为 UUID，重发时不变。": "Give a UUID, the same on every retry.",
    "请写点内容再发送。": "Write something before you send it.",
    "一次最多 {most} 个字，请分几次发送。": "At most {most} characters at a time. Send it in parts.",
    "有一个字符不完整，请删掉后再发。": "It holds half a character. Remove it, then send again.",
    "请选择要发送的内容。": "Choose what to send.",
    "位置不对，请重新选择。": "The place is wrong. Choose it again.",
    "请写原因，不超过 {most} 个字。": "Write a reason of at most {most} characters.",
    "请写明原因，对方会看到。": "Write a reason; the other side will see it.",
    "请写标题，不超过 {most} 个字。": "Write a title of at most {most} characters.",
    "没有找到，请重新选择。": "Not found. Choose again.",
    "没有找到，或者对方不能查看，请换一个。": "Not found, or the other side may not see it. Choose another.",
    "没有找到这个文件，请重新上传。": "The file was not found. Upload it again.",
    "请选择要咨询的办事地点。": "Choose the place to ask.",
    "请选择一位同事或一个窗口。": "Choose a colleague or a desk.",
    "应为 here 或 away。": "Give here or away.",
    "应为 pull 或 push。": "Give pull or push.",
    "应为 public 或 staff。": "Give public or staff.",
    "应为最多 {most} 个词。": "Give at most {most} words.",
    "应为 1 到 {most} 小时。": "Give 1 to {most} hours.",
    "应为 0 或更大的整数。": "Give a whole number, 0 or more.",
    "请选 1 到 5。": "Choose 1 to 5.",
}
"""What a rule says -> in English. Of those that fit, the longest counts; what is in {braces} is kept, and put into
English itself if it is listed."""
