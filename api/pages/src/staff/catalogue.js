/**
 * What the catalogue's pages share: the elements of a matter (GB/T 39046-2020, table 4) in groups, and what was changed
 * of them.
 */

export const KINDS = ['行政许可', '行政确认', '行政给付', '行政奖励', '行政裁决', '其他行政权力', '公共服务']
const APPROVERS = ['本机关负责人', '本级人民政府负责人', '未明确', '无']
const DAYS = ['工作日', '自然日']

/** How a version stands, with its colour. */
export const STATES = {
  draft: ['草稿', 'warn'],
  planned: ['待生效', 'calm'],
  in_force: ['现行', 'good'],
  replaced: ['已替换', 'quiet'],
  ended: ['已失效', 'bad'],
}

/**
 * `kind` is text, area, lines (one a line), choice, number (whole, may be empty), flag, rows, json (an element as it
 * is stored, or nothing), or sunk (what streets do). A key with a dot lies inside an element that is sent whole.
 */
export const GROUPS = [
  [
    '效力',
    [
      { key: 'valid_from', words: '生效日期', kind: 'date', hint: '空着：发布当天' },
      { key: 'valid_until', words: '失效日期', kind: 'date', hint: '空着：不失效' },
    ],
  ],
  [
    '基本',
    [
      { key: 'name', words: '事项名称', kind: 'text', wide: true },
      { key: 'name_en', words: '英文名称', kind: 'text', wide: true },
      { key: 'kind', words: '事项类型', kind: 'choice', of: KINDS },
      { key: 'national_code', words: '国家基本编码', kind: 'text' },
      { key: 'department', words: '实施主体', kind: 'text' },
      { key: 'supervisor', words: '事后监管', kind: 'text' },
      { key: 'audience', words: '服务对象', kind: 'lines' },
      { key: 'theme', words: '服务主题', kind: 'lines' },
      { key: 'level', words: '行使层级', kind: 'lines' },
      { key: 'keywords', words: '大白话叫法', kind: 'lines' },
      { key: 'legal_basis', words: '设定依据', kind: 'lines', wide: true },
      { key: 'conditions', words: '受理条件', kind: 'lines', wide: true },
    ],
  ],
  [
    '时限和方式',
    [
      { key: 'statutory_days', words: '法定时限', kind: 'number' },
      { key: 'statutory_day_unit', words: '法定时限单位', kind: 'choice', of: DAYS },
      { key: 'promised_days', words: '承诺时限', kind: 'number' },
      { key: 'promised_day_unit', words: '承诺时限单位', kind: 'choice', of: DAYS },
      { key: 'extension_days', words: '可以延长', kind: 'number' },
      { key: 'extension_approver', words: '延长由谁批准', kind: 'choice', of: APPROVERS },
      { key: 'case_type', words: '办件类型', kind: 'choice', of: ['即办件', '承诺件'] },
      { key: 'delegated', words: '当场由谁决定', kind: 'choice', of: ['窗口', '审批人员', '未明确', '无'] },
      { key: 'online_depth', words: '网办深度', kind: 'choice', of: ['I', 'II', 'III', 'IV'] },
      { key: 'visits', words: '到现场次数', kind: 'number' },
      { key: 'deadline_note', words: '时限说明', kind: 'text', wide: true },
      { key: 'fee', words: '收费', kind: 'text', hint: '不收费写 0' },
      { key: 'fee_basis', words: '收费依据', kind: 'text' },
      { key: 'result.name', words: '结果名称', kind: 'text' },
      { key: 'result.validity', words: '结果有效期', kind: 'text' },
      { key: 'handling_place', words: '办理地点', kind: 'text' },
      { key: 'construction_stage', words: '工程建设阶段', kind: 'text' },
      { key: 'supplement_notice_limit_days', words: '一次性告知时限', kind: 'number' },
      { key: 'delivery_limit_days', words: '送达时限', kind: 'number' },
      { key: 'courier.collect_materials', words: '上门取材料', kind: 'flag' },
      { key: 'courier.deliver_result', words: '寄送结果', kind: 'flag' },
      { key: 'appointment', words: '可以预约', kind: 'flag' },
      { key: 'at_home', words: '可以上门办', kind: 'flag' },
      { key: 'notify_promise', words: '告知承诺', kind: 'flag' },
      {
        key: 'promise',
        words: '告知承诺的承诺书和不适用的情形',
        kind: 'json',
        wide: true,
        hint: '空着：不能告知承诺。承诺书还没有的，text 写 null。',
      },
      {
        key: 'deferral',
        words: '容缺的期限和承诺书',
        kind: 'json',
        wide: true,
        hint: '空着：不能容缺。期限和承诺书还没有的，都写 null：这样的材料在网上要一次交齐。',
      },
      { key: 'high_frequency_street', words: '街道高频', kind: 'flag' },
      { key: 'high_frequency_community', words: '社区高频', kind: 'flag' },
      { key: 'sink_mode', words: '下沉街道社区', kind: 'sunk', wide: true },
    ],
  ],
  [
    '材料',
    [
      {
        key: 'materials',
        words: '材料',
        kind: 'rows',
        wide: true,
        columns: [
          { key: 'name', words: '名称', kind: 'text', grow: true },
          { key: 'kind', words: '形式', kind: 'choice', of: ['原件', '复印件', '电子'] },
          { key: 'copies', words: '份数', kind: 'number' },
          { key: 'source', words: '来源', kind: 'choice', of: ['申请人自备', '政府核发', '中介机构'] },
          { key: 'required', words: '必备', kind: 'flag' },
          { key: 'deferrable', words: '可容缺', kind: 'flag' },
          { key: 'form', words: '填表', kind: 'flag' },
          { key: 'reusable_licence', words: '政府已有', kind: 'flag' },
          { key: 'licence_name', words: '证照名称', kind: 'text' },
        ],
        blank: {
          name: '',
          kind: '原件',
          copies: 1,
          required: true,
          deferrable: false,
          source: '申请人自备',
          reusable_licence: false,
          licence_name: null,
          form: false,
        },
      },
    ],
  ],
  [
    '环节',
    [
      {
        key: 'steps',
        words: '环节',
        kind: 'rows',
        wide: true,
        columns: [
          { key: 'name', words: '名称', kind: 'text' },
          { key: 'role', words: '谁来办', kind: 'text', grow: true },
          { key: 'days', words: '天数', kind: 'number' },
          { key: 'counted', words: '计入时限', kind: 'flag' },
        ],
        blank: { name: '', role: '', days: 1, counted: true },
      },
      {
        key: 'special_procedures',
        words: '特别程序',
        kind: 'rows',
        wide: true,
        columns: [
          { key: 'name', words: '名称', kind: 'text' },
          { key: 'days', words: '天数', kind: 'number' },
          { key: 'unit', words: '单位', kind: 'choice', of: DAYS },
          { key: 'stops_clock', words: '停计时', kind: 'flag' },
          { key: 'basis', words: '依据', kind: 'text', grow: true },
          { key: 'not_counted_by', words: '哪部法律规定不计入', kind: 'text', grow: true },
        ],
        blank: { name: '', days: null, unit: '工作日', stops_clock: false, basis: null, not_counted_by: null },
      },
    ],
  ],
  [
    '常见问题',
    [
      {
        key: 'faq',
        words: '常见问题',
        kind: 'rows',
        wide: true,
        columns: [
          { key: 'q', words: '问', kind: 'area', grow: true },
          { key: 'a', words: '答', kind: 'area', grow: true },
        ],
        blank: { q: '', a: '' },
      },
    ],
  ],
  [
    '出处',
    [
      { key: 'source', words: '来源', kind: 'lines', wide: true },
      { key: 'verified', words: '区里整体核对过', kind: 'flag' },
    ],
  ],
]

const FIELDS = GROUPS.flatMap(([, fields]) => fields)
const WORDS = Object.fromEntries(FIELDS.map(({ key, words }) => [key, words]))
const WHOLE = {
  situation: '情形',
  form: '表单',
  courier: '寄递',
  result: '结果',
  unverified_fields: '待核实的要素',
  verified_fields: '核实过的要素',
}

/** The Chinese name of an element, or its key where it has none here. */
export const wordsOf = (key) => WORDS[key] ?? WHOLE[key] ?? key

/** Where the value of a key lies: [holder, name]. */
function holderOf(entry, key) {
  const [first, second] = key.split('.')
  return second ? [entry[first], second] : [entry, first]
}

export function valueOf(entry, key) {
  const [holder, name] = holderOf(entry, key)
  return holder[name]
}

export function setValue(entry, key, value) {
  const [holder, name] = holderOf(entry, key)
  holder[name] = value
}

export const linesOf = (list) => list.join('\n')
export const listOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
/** Elements that may be null hold null, never an empty word. */
const MAY_BE_NULL = new Set([
  'national_code',
  'supervisor',
  'deadline_note',
  'fee_basis',
  'result.validity',
  'handling_place',
  'construction_stage',
  'licence_name',
  'basis',
  'not_counted_by',
  'valid_from',
  'valid_until',
])
export const kept = (key, text) => (text === '' && MAY_BE_NULL.has(key) ? null : text)

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** What differs from the entry as it was read: only that is sent. */
export function changesOf(entry, before) {
  return Object.fromEntries(
    Object.keys(entry)
      .filter((key) => !same(entry[key], before[key]))
      .map((key) => [key, entry[key]]),
  )
}

/** An element is checked by the district: it moves from one list to the other, for good. */
export function confirmField(entry, key) {
  entry.unverified_fields = entry.unverified_fields.filter((one) => one !== key)
  entry.verified_fields = [...new Set([...entry.verified_fields, key])]
}

/**
 * @returns {{value?: object|null, error?: string, line?: number}} what a text of JSON says; an empty one says that
 *   there is nothing
 */
export function parsed(text) {
  if (!text.trim()) return { value: null }
  try {
    return { value: JSON.parse(text) }
  } catch (trouble) {
    const at = /line (\d+)/.exec(trouble.message)?.[1] ?? /position (\d+)/.exec(trouble.message)?.[1]
    const line = /line \d+/.test(trouble.message)
      ? Number(at)
      : at === undefined
        ? text.split('\n').length
        : text.slice(0, Number(at)).split('\n').length
    return { error: trouble.message, line }
  }
}

/** The place that a check names: 'Situations rules.3.when: …' → 'rules.3.when'. */
export const placeOf = (words) => /^\S+ (\S+?):/.exec(words)?.[1] ?? ''

/** The line of a text of JSON, written one element a line, where a place lies, as far as it is there. */
export function lineOf(text, place) {
  const lines = text.split('\n')
  let at = 0
  let depth = 0
  for (const step of place.split('.').filter(Boolean)) {
    const next = inside(lines, at, depth, step)
    if (next === null) break
    at = next
    depth += 1
  }
  return at + 1
}

/** Where, in what begins at a line, the element of a name or a number begins; null where it is not. */
function inside(lines, from, depth, step) {
  const lead = ' '.repeat(depth + 1)
  let count = -1
  for (let at = from + 1; at < lines.length; at += 1) {
    const line = lines[at]
    if (!line.startsWith(lead)) return null
    if (line[lead.length] === ' ' || /^[\]}]/.test(line.trim())) continue
    count += 1
    if (/^\d+$/.test(step) ? count === Number(step) : line.trim().startsWith(`"${step}":`)) return at
  }
  return null
}

/** Of two texts of JSON, the lines that the other has not. */
export const ownLines = (mine, theirs) => {
  const known = new Set((theirs ? JSON.stringify(theirs, null, 1) : '').split('\n'))
  return mine
    ? JSON.stringify(mine, null, 1)
        .split('\n')
        .filter((line) => !known.has(line))
        .map((line) => line.trim())
        .join('\n') || '—'
    : '—'
}

/** A value in words, for two columns side by side. */
export function shownValue(value) {
  if (value == null || value === '' || value?.length === 0) return '—'
  if (value === true || value === false) return value ? '✓' : '✗'
  if (!Array.isArray(value))
    return typeof value === 'object'
      ? Object.entries(value)
          .map(([key, one]) => `${key}：${shownValue(one)}`)
          .join('\n')
      : String(value)
  return value.map((one) => (typeof one === 'object' ? Object.values(one).map(shownValue).join(' · ') : one)).join('\n')
}
