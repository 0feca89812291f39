/** Templates of acts (办件用语): for which acts a department keeps its own words, and what stands in them. */

/** Each act with what it is called; `outcome` where it grants or refuses, `grounds` where a ground of law is chosen. */
export const TEMPLATE_ACTS = [
  { act: 'decide', words: '作决定', outcome: true, grounds: true },
  { act: 'finish', words: '当场办结', outcome: true, grounds: true },
  { act: 'promise', words: '按告知承诺决定', grounds: true },
  { act: 'decline', words: '不予受理', remedies: true },
  { act: 'request_supplement', words: '告知补正' },
  { act: 'start_procedure', words: '办件进入特别程序' },
  { act: 'request_extension', words: '申请延长办理期限' },
  { act: 'approve_extension', words: '批准延长办理期限' },
  { act: 'refuse_extension', words: '不批准延长办理期限' },
  { act: 'terminate', words: '终止办理', remedies: true },
]

export const OUTCOMES = { grant: '同意', refuse: '不同意' }

/** Each field that the server fills in from the case, with an example. */
export const FIELDS = [
  { name: 'number', words: '办件编号', like: 'XC261130-012-0042-63' },
  { name: 'matter', words: '事项名称', like: '食品经营许可' },
  { name: 'applicant', words: '申请人', like: '张三' },
  { name: 'department', words: '部门', like: '区审批局' },
  { name: 'officer', words: '经办人', like: '李审批' },
  { name: 'day', words: '当天日期', like: '2026 年 12 月 8 日' },
  { name: 'submitted', words: '申请日期', like: '2026 年 12 月 1 日' },
]

/** Whether a template may say what the applicant can do against it: only what refuses something does. */
export const hasRemedies = ({ act, outcome }) =>
  TEMPLATE_ACTS.some((one) => one.act === act && (one.remedies || (one.outcome && outcome === 'refuse')))

export const actWords = (act) => TEMPLATE_ACTS.find((one) => one.act === act)?.words ?? act
