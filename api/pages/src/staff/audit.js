/** The audit in words: its kinds, its acts, what was done to what, and the alarms that came of it. */
import { ref } from 'vue'
import { t } from '../shared/i18n.js'
import { api, holds, signedIn } from './desk.js'

/** The kinds of rows, in the order of the filter. */
export const KINDS = [
  { key: '', words: '全部记录' },
  { key: 'log_in', words: '登录' },
  { key: 'refused', words: '被拒绝的操作' },
  { key: 'look', words: '查看' },
  { key: 'account', words: '账号与权限' },
  { key: 'operation', words: '系统运维' },
  { key: 'act', words: '办理' },
]

/** Each act in words; one that is not here is shown as it is written. */
const ACTS = {
  log_in: '登录',
  'log_in.failed': '登录失败',
  'log_in.locked': '输错太多，暂停登录',
  log_out: '退出登录',
  'refresh.reused': '登录凭证被重复使用',
  'code.limited': '验证码次数用完',
  'refused.role': '越权操作被拒绝',
  'refused.record': '查看他人信息被拒绝',
  'refused.rule': '不符合规定被拒绝',
  'refused.signature': '伪造的回调被拒绝',
  'refused.limit': '操作太频繁被拒绝',
  'lookup.wrong': '查询码输错',
  'lookup.locked': '查询码输错太多，暂停查询',
  read_unmasked: '查看完整信息',
  read_masked: '查看脱敏信息',
  read_timeline: '查看办理过程',
  read_clock: '查看时限',
  read_parcel: '查看快件',
  read_file: '打开文件',
  read_list: '查看列表',
  read_conversation: '查看咨询',
  read_talk: '查看咨询',
  read_original: '查看消息原文',
  read_audit: '查看审计',
  verify_by_register: '联网核验身份',
  verify_by_window: '当面核验身份',
  'account.rebound': '已核验账号换绑',
  close_account: '注销账号',
  export: '导出本人数据',
  'mandate.give': '登记委托',
  'mandate.end': '结束委托',
  'staff.add': '新增人员',
  'staff.change': '变更人员',
  'staff.password': '修改密码',
  'staff.totp': '绑定验证器',
  'staff.open_recovery': '申请恢复账号',
  'staff.withdraw_recovery': '撤销恢复账号',
  'staff.recover': '恢复账号',
  'keys.new': '启用新密钥',
  'keys.gone': '停用密钥',
  'keys.rotate': '轮换密钥',
  'keys.rotate_index': '轮换索引密钥',
  'sessions.end': '强制退出登录',
  backup: '备份',
  restore: '恢复备份',
  'setting.weak': '设置降低了安全性',
  'setting.restored': '设置恢复正常',
  alarm: '发出告警',
  'notice.resend': '重发通知',
}

/** What a subject is about, by the word before its colon. */
const NOUNS = {
  case: '办件',
  talk: '咨询',
  parcel: '快件',
  file: '文件',
  draft: '草稿',
  mandate: '委托',
  notice: '通知',
  report: '纠错',
  staff: '人员',
  citizen: '市民',
  username: '未知用户名',
  phone: '未注册手机号',
  list: '列表',
  key: '密钥',
  setting: '设置',
  act: '事项',
  audit: '审计',
}

const LISTS = {
  cases: '办件',
  parcels: '快件',
  notices: '通知',
  conversations: '咨询',
  blocks: '限制发言',
  messages: '消息',
  reports: '纠错',
}

export const actWords = (act) => (ACTS[act] ? t(ACTS[act]) : act)

/** Who did it: the name of a member of staff, the command line, a citizen, a stranger. */
export function whoWords({ actor, actor_name: name, kind }) {
  if (name) return name
  if (actor === 'command-line') return t('命令行')
  if (actor === 'system') return t('系统')
  if (!actor) return kind === 'operation' ? t('系统') : t('未登录的人')
  return t('市民 {id}', { id: actor.slice(-6) })
}

/** What it was done to, short: '办件 …3a7f2c', '列表 办件'. The whole of it is in the row's title. */
export function subjectWords(subject) {
  const colon = subject.indexOf(':')
  const [noun, of] = [subject.slice(0, colon), subject.slice(colon + 1)]
  if (colon < 0 || !NOUNS[noun]) return subject
  if (noun === 'list') return `${t('列表')} ${t(LISTS[of] ?? of)}`
  if (noun === 'act') return actWords(of)
  return `${t(NOUNS[noun])} ${of.length > 20 ? `…${of.slice(-6)}` : of}`.trim()
}

/** The alarms that this supervisor or administrator has not yet taken note of, the newest first. */
export const alarms = ref([])

const WATCHERS = ['supervisor', 'admin']

export async function refreshAlarms() {
  if (!signedIn.value || !holds(...WATCHERS)) {
    alarms.value = []
    return
  }
  const { items } = await api.get('/v1/notices', { limit: 20 })
  alarms.value = items.filter(({ kind, read_at: read }) => kind === 'security_alarm' && !read)
}

/** Take note of an alarm: it does not come back. */
export async function takeNote(alarm) {
  await api.post(`/v1/notices/${alarm.id}/read`)
  alarms.value = alarms.value.filter(({ id }) => id !== alarm.id)
}
