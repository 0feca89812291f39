/** What to tell a person when something did not work: what happened, and what to do next. */
import { Refusal } from './api.js'
import { t } from './i18n.js'

/** @param {unknown} error @returns {string} */
export function troubleWords(error) {
  if (error?.code === 'offline') return t('网络不通，请检查网络后再试。')
  if (!(error instanceof Refusal)) return t('页面出了点问题，请刷新后再试。')
  if (error.code === 'file_still_checking') return t('文件还在检查，请过一会儿再看。')
  if (error.status === 412) return t('内容刚刚被更新过，请刷新后再试。')
  if (error.status >= 500) return t('系统暂时忙不过来，请过一会儿再试。')
  // the reasons, where the server gives some: that there are some says nothing
  if (error.code === 'bad_fields') return Object.values(fieldTroubles(error)).join(' ') || error.detail
  return error.detail || error.title || t('没有成功，请稍后再试。')
}

/** The first reason of each refused field: `{phone: '…'}`. */
export function fieldTroubles(error) {
  return Object.fromEntries(
    Object.entries(error?.errors ?? {}).map(([field, reasons]) => [field, [reasons].flat(2).join(' ')]),
  )
}
