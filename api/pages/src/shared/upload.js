/**
 * Uploads that survive a bad network and a reload (tus 1.0). The library is loaded when the first file is chosen.
 *
 * A browser does not keep a chosen file over a reload: choosing the same file again goes on where it stopped.
 */
import { Refusal } from './api.js'
import { t } from './i18n.js'
import { device, keysOf, parsed } from './storage.js'

const PART_BYTES = 1024 * 1024
const CHECK_MS = 700
const CHECKS = 60
const TUS = 'tus::'

/** What the desk can read; the server checks the content itself. */
export const ACCEPTED_TYPES = 'image/jpeg,image/png,image/heic,image/heif,application/pdf'
/** Pictures alone, e.g. photographs of a survey. */
export const PICTURE_TYPES = 'image/jpeg,image/png,image/heic,image/heif'
const MOST_BYTES = 20 * 1024 * 1024

/** Why a file need not even be sent, in the server's words; null where the server has to look at it. */
function unfit({ size }) {
  if (size === 0) return t('文件是空的，请换一个。')
  if (size > MOST_BYTES) return t('文件超过 20 MB，请压缩或分开上传。')
  return null
}

/** Whether the same file would be refused again: another one is needed. */
export const isFileWrong = (trouble) => [413, 415, 422].includes(trouble?.status)

/**
 * Forget where unfinished uploads stopped (tus-js-client keeps that in the storage of the device).
 * @param {Storage} storage
 */
export function forgetUploads(storage) {
  keysOf(storage, TUS).forEach((key) => storage.removeItem(key))
}

/** tus-js-client's own, in a storage that never throws: one that is full would fail the upload. */
const places = {
  findAllUploads: async () => places.under(TUS),
  findUploadsByFingerprint: async (fingerprint) => places.under(`${TUS}${fingerprint}::`),
  removeUpload: async (urlStorageKey) => device.removeItem(urlStorageKey),
  async addUpload(fingerprint, one) {
    const key = `${TUS}${fingerprint}::${Date.now()}`
    device.setItem(key, JSON.stringify(one))
    return key
  },
  under: (prefix) =>
    keysOf(device, prefix)
      .map((urlStorageKey) => ({ ...parsed(device, urlStorageKey), urlStorageKey }))
      .filter(({ uploadUrl }) => typeof uploadUrl === 'string'),
}

/**
 * @param {import('./api.js').createApi} api
 * @param {File} file
 * @param {{purpose: string, onProgress?: (fraction: number) => void}} options `purpose` tells this file's uses apart
 *   ('draft/x/m1')
 * @returns {{sent: Promise<string>, done: Promise<{id: string, name: string, type: string, size: number}>,
 *   cancel: () => void}} `sent` is the id once all of it is there, `done` the file once it was accepted too
 */
export function upload(api, file, { purpose, onProgress = () => {} }) {
  let running = null
  let cancelled = false
  const why = unfit(file)
  const refused = why && Promise.reject(new Refusal({ code: 'file_refused', status: 422, detail: why }))
  const sent =
    refused ??
    import('tus-js-client').then(async (tus) => {
      const url = await new Promise((resolve, reject) => {
        running = new tus.Upload(file, {
          endpoint: '/v1/uploads',
          chunkSize: PART_BYTES,
          retryDelays: [0, 1_000, 3_000, 8_000, 20_000],
          onShouldRetry: (error) => mayPass(error.originalResponse?.getStatus() ?? 0),
          urlStorage: places,
          removeFingerprintOnSuccess: true,
          metadata: { filename: file.name, filetype: file.type },
          fingerprint: async () => ['circle.upload', purpose, file.name, file.size, file.lastModified].join('-'),
          onBeforeRequest: async (request) => request.setHeader('Authorization', `Bearer ${await api.token()}`),
          onProgress: (bytes, total) => onProgress(total ? bytes / total : 0),
          onError: (error) => reject(refusalOfTus(error)),
          onSuccess: () => resolve(running.url),
        })
        running.findPreviousUploads().then(([earlier]) => {
          if (cancelled) return
          if (earlier) running.resumeFromPreviousUpload(earlier)
          running.start()
        }, reject)
      })
      return new URL(url, location.href).pathname.split('/').pop()
    })
  return {
    sent,
    get done() {
      return sent.then((id) => checked(api, id))
    },
    cancel() {
      cancelled = true
      running?.abort(true)
    },
  }
}

/**
 * No answer, a busy server, or two sides that disagree on the offset: worth trying on, even while the browser says it
 * is offline.
 */
const mayPass = (status) => status === 0 || status === 409 || status === 423 || status >= 500

/** Wait until the server has looked at the content. @throws {Refusal} when it does not take the file */
export async function checked(api, id) {
  for (let turn = 0; turn < CHECKS; turn += 1) {
    const found = await api.get(`/v1/uploads/${id}`)
    if (found.state === 'accepted') return found
    if (found.state === 'refused') throw new Refusal({ code: 'file_refused', status: 422, detail: found.why })
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS))
  }
  throw new Refusal({ code: 'file_still_checking', status: 0 })
}

function refusalOfTus(error) {
  const response = error.originalResponse
  if (!response) return new Refusal({ code: 'offline', status: 0 })
  let problem = {}
  try {
    problem = JSON.parse(response.getBody())
  } catch {
    // tus answers as its protocol says, often without a body
  }
  return new Refusal({
    code: problem.code ?? `http_${response.getStatus()}`,
    status: response.getStatus(),
    detail: problem.detail,
    errors: problem.errors ?? {},
  })
}
