/**
 * A draft on the server as a view needs it: saved in order, one change at a time, each against the version it knows.
 */
import { ref, shallowRef } from 'vue'
import { answersOf } from './form.js'
import { isSame, leftOf, rebased } from './merge.js'
import { useUploads } from './uploads.js'

/** One's papers, each once; what the form itself is needs no upload. */
export function papersOf(guide, form) {
  const all = ['to_fill_in', 'to_bring', 'may_follow'].flatMap((name) => guide?.[name] ?? [])
  return [...new Map(all.map((one) => [one.key, one])).values()].filter((one) => !form?.fills.includes(one.key))
}

/** @param {object} api the session's @param {string} id */
export function useDraft(api, id) {
  const draft = shallowRef(null)
  const guide = shallowRef(null)
  const form = shallowRef(null)
  const files = ref({})
  const saving = ref(0)
  /** Why the last change did not arrive; null if all that was changed is saved. */
  const unsaved = shallowRef(null)
  /** The draft as this page knew it and as it is, where another tab or device had changed it meanwhile. */
  const elsewhere = shallowRef(null)
  const error = shallowRef(null)
  /** What empty fields could take over, and the same matter where it is open already. */
  const hints = shallowRef({ suggestions: [], open_cases: [] })
  let queue = Promise.resolve()
  /** Changes that did not arrive and that no later one has written since. */
  let lost = []

  async function load() {
    error.value = null
    try {
      draft.value = await api.get(`/v1/drafts/${id}`)
      await readForm()
      await readGuide()
      readHints()
      await Promise.all(Object.entries(draft.value.materials).map(([key, uploads]) => nameFiles(key, uploads)))
    } catch (trouble) {
      error.value = trouble
    }
  }

  /** Hints are extra: without them one goes on all the same. */
  async function readHints() {
    hints.value = await api.get(`/v1/drafts/${id}/hints`).catch(() => hints.value)
  }

  /** Fill an empty field with what is suggested for it; the server knows it, the page only how it may be shown. */
  function takeOver(key) {
    const taken = queue.then(async () => {
      const { version } = draft.value
      draft.value = await api.post(`/v1/drafts/${id}/suggestions`, { fields: [key] }, { version })
      await readHints()
    })
    queue = taken.catch(() => {})
    return taken
  }

  async function readForm() {
    const { code, version } = draft.value.matter
    form.value = await api.get(`/v1/matters/${encodeURIComponent(code)}/form`, { version })
  }

  /**
   * Go on under a newer version of the matter: the server keeps what fits, and form and guide are those of that
   * version.
   */
  async function move(version) {
    await queue
    await api.post(`/v1/drafts/${id}/move`, { version }, { version: draft.value.version })
    files.value = {}
    await load()
  }

  /** The guide for the draft's own situation, in the version that it began under. */
  async function readGuide() {
    const { matter, situation } = draft.value
    guide.value = await api.get(`/v1/matters/${encodeURIComponent(matter.code)}/guide`, {
      version: matter.version,
      answers: answersOf(situation),
    })
  }

  /** Another situation makes another list of materials. */
  async function situate(situation) {
    await save({ situation })
    await readGuide()
  }

  async function nameFiles(key, uploads) {
    const named = await Promise.all(
      uploads.map((upload) => api.get(`/v1/uploads/${upload}`).catch(() => ({ id: upload }))),
    )
    files.value[key] = named
  }

  /**
   * Change the draft by a change, or by a function that makes one of the draft as it then is. Refusals of fields are
   * thrown; where the draft is newer by now, the change is laid upon that.
   */
  function save(change) {
    saving.value += 1
    const saved = queue
      .then(async () => {
        const { situation } = draft.value
        await patch(change)
        return situation
      })
      .then(
        async (before) => {
          settle(change)
          // how the result is fetched stands in both: the guide follows
          if (!change.situation && !isSame(before, draft.value.situation)) await readGuide().catch(() => {})
        },
        (trouble) => {
          settle(change)
          // a file that is not bound yet stands in the list of uploads, and is tried from there
          if (typeof change !== 'function') lost.push(change)
          unsaved.value = trouble
          throw trouble
        },
      )
      .finally(() => {
        saving.value -= 1
      })
    queue = saved.catch(() => {})
    return saved
  }

  /** What a change has written, or stands for by now, is not lost any more. */
  function settle(change) {
    if (typeof change !== 'function') lost = lost.map((one) => leftOf(one, change, draft.value)).filter(Boolean)
    if (!lost.length) unsaved.value = null
  }

  /** Send again what did not arrive, in its order. */
  const again = () =>
    lost.slice().forEach((change) =>
      save(change)
        .then(() => change.situation && readGuide())
        .catch(() => {}),
    )

  async function patch(change) {
    const base = draft.value
    const mine = typeof change === 'function' ? change(base) : change
    try {
      draft.value = await api.patch(`/v1/drafts/${id}`, mine, { version: base.version })
    } catch (trouble) {
      if (trouble.status !== 412) throw trouble
      const theirs = await api.get(`/v1/drafts/${id}`)
      draft.value = await api.patch(`/v1/drafts/${id}`, rebased(mine, base, theirs), { version: theirs.version })
      elsewhere.value = { base, now: draft.value }
      await Promise.all(Object.entries(draft.value.materials).map(([key, uploads]) => nameFiles(key, uploads)))
    }
    // what the server let go is not shown as handed in: the consent of another applicant
    for (const [key, named] of Object.entries(files.value))
      files.value[key] = named.filter((file) => draft.value.materials[key]?.includes(file.id))
  }

  async function addFile(key, file) {
    await save((now) => ({ materials: { [key]: [...(now.materials[key] ?? []), file.id] } }))
    if (!files.value[key]?.some((one) => one.id === file.id)) files.value[key] = [...(files.value[key] ?? []), file]
  }

  async function removeFile(key, fileId) {
    await save((now) => ({ materials: { [key]: (now.materials[key] ?? []).filter((one) => one !== fileId) } }))
    files.value[key] = (files.value[key] ?? []).filter((file) => file.id !== fileId)
  }

  const uploads = useUploads(api, addFile)

  /** @returns {Promise<object>} the case it has become */
  async function submit() {
    await queue
    const answer = await api.post(`/v1/drafts/${id}/submit`, {}, { once: `submit:${id}` })
    return answer.case
  }

  load()
  return {
    ...{ draft, guide, form, files, saving, unsaved, elsewhere, error, uploads, hints },
    ...{ load, save, again, readGuide, move, situate, removeFile, submit, takeOver, readHints },
  }
}
