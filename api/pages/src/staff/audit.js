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
  read_documents: '查看文书',
  read_parcel: '查看快件',
  read_file: '打开文件',
  read_list: '查看列表',
  search_cases: '查找办件',
  read_conversation: '查看咨询',
  read_talk: '查看咨询',
  read_original: '查看消息原文',
  read_audit: '查看审计',
  read_verifications: '查看核验记录',
  verify_by_register: '联网核验身份',
  verify_by_window: '当面核验身份',
  'account.rebound': '已核验账号换绑',
  open_card: '登记身份核验',
  open_phone: '登记更换手机号',
  verification_objected: '本人提出异议',
  verification_revoked: '撤销核验',
  join_accounts: '合并账号',
  phone_change: '本人更换手机号',
  phone_at_window: '窗口更换手机号',
  phone_released: '解除手机号',
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
  'network.add': '更新路网',
  'network.use': '换回路网',
  retry_job: '重试任务',
  drop_job: '放弃任务',
  'case.submit_for': '代填并提交办件',
  'case.supplement_for': '代补交材料',
  'case.withdraw_for': '代撤回办件',
  'case.told': '当面告知办件进展',
  'case.due_changed': '办件期限变更',
  'case.overdue': '办件超过期限',
  'case.supplement': '补正材料',
  'case.withdraw': '撤回办件',
  'case.claim': '领取办件',
  'case.release': '放回办件',
  'case.accept': '受理办件',
  'case.deem': '逾期视为受理',
  'case.decline': '办件不予受理',
  'case.request_supplement': '要求补正',
  'case.transfer': '转办',
  'case.decide': '对办件作出决定',
  'case.issue': '制作办理结果',
  'case.hand_over': '当面交付',
  'case.note': '备注办件',
  'case.close': '结束办件',
  'case.defer': '容缺受理',
  'case.promise': '按告知承诺决定',
  'case.check_promise': '核查承诺',
  'case.order_rectification': '责令限期整改',
  'case.check_rectification': '复查整改',
  'case.revoke': '撤销决定',
  'promise.lift': '修复失信记录',
  'template.add': '添加办件用语',
  'template.change': '修改办件用语',
  'template.retire': '停用办件用语',
  'case.start_procedure': '办件进入特别程序',
  'case.end_procedure': '结束特别程序',
  'case.request_extension': '申请延长办理期限',
  'case.approve_extension': '批准延长办理期限',
  'case.refuse_extension': '不批准延长办理期限',
  'case.survey': '现场核查',
  'case.review': '审查办件',
  'case.assign': '指派办件',
  'case.finish': '当场办结',
  'case.correct': '更正办件',
  'case.reissue': '重新制作办理结果',
  'case.terminate': '终止办理',
  'case.told_late': '没有一次告知，又要求新材料',
  'conversation.assigned': '接手解答',
  'conversation.transferred': '转接咨询',
  'conversation.queued': '咨询排队',
  'conversation.taken_over': '主管接管咨询',
  'conversation.returned': '咨询回到队列',
  'conversation.left': '转为留言',
  'conversation.closed': '咨询结束',
  'conversation.warned': '提醒长时间没有回复',
  'conversation.rated': '评价咨询',
  'conversation.reopened': '继续咨询',
  'conversation.tied': '咨询关联办件',
  'conversation.blocked': '限制发言',
  'conversation.unblocked': '解除限制',
  'conversation.whispered': '咨询内部备注',
  'point.add': '新增服务点',
  'point.change': '修改服务点',
  'point.remove': '删除服务点',
  'calendar.rest': '设为休息日',
  'calendar.work': '设为工作日',
  'calendar.usual': '恢复平常日历',
  'matter.draft': '起草事项',
  'matter.change': '修改事项',
  'matter.drop': '放弃事项草稿',
  'matter.publish': '发布事项',
  'matter.load': '导入事项',
  'report.corrected': '纠错已改正',
  'report.not_wrong': '纠错核实无误',
  'report.duplicate': '纠错重复',
  'parcel.send': '寄出快件',
  take_over_file: '收下文件',
  'notice.resend': '重发通知',
}

/** What a subject is about, by the word before its colon. */
const NOUNS = {
  case: '办件',
  point: '服务点',
  month: '月份',
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
  untold: '要当面告知的',
  broken_promises: '失信记录',
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
/** How many alarms stand in the bar at once; and among how many hundred notices they are looked for. */
export const MOST_ALARMS = 3
const MOST_PAGES = 5

export async function refreshAlarms() {
  if (!signedIn.value || !holds(...WATCHERS)) {
    alarms.value = []
    return
  }
  const unread = []
  let cursor
  for (let page = 0; page < MOST_PAGES && cursor !== null && unread.length <= MOST_ALARMS; page += 1) {
    const { items, next } = await api.get('/v1/notices', { limit: 100, cursor })
    unread.push(...items.filter(({ kind, read_at: read }) => kind === 'security_alarm' && !read))
    cursor = next ?? null
  }
  alarms.value = unread
}

/** Take note of an alarm: it does not come back. */
export async function takeNote(alarm) {
  await api.post(`/v1/notices/${alarm.id}/read`)
  alarms.value = alarms.value.filter(({ id }) => id !== alarm.id)
}
