/** Uploads that go on while one looks at something else: they belong to a page, not to the field that began them. */
import { computed, onBeforeUnmount, onMounted, reactive, ref } from 'vue'
import { newId } from './api.js'
import { checked, upload } from './upload.js'

/**
 * @param {import('./api.js').createApi} api
 * @param {(place: string, file: {id, name, size, type}) => Promise<void>} done takes an accepted file
 * @returns `begin(place, file, purpose)`, `of(place)` what runs or failed there, `again(one)`, `cancel(one)`, `running`
 *   and `failed`: how many of all
 */
export function useUploads(api, done) {
  const begun = ref([])
  const drop = (one) => (begun.value = begun.value.filter((other) => other.key !== one.key))

  function begin(place, file, purpose) {
    const one = reactive({ key: newId(), place, file, purpose, fraction: 0, error: null, cancel: null, id: null })
    begun.value.push(one)
    again(one)
  }

  function sent(one) {
    const sending = upload(api, one.file, {
      purpose: one.purpose,
      onProgress: (fraction) => {
        one.fraction = fraction
      },
    })
    one.cancel = sending.cancel
    return sending.sent
  }

  async function again(one) {
    one.error = null
    try {
      // what is there already is not sent again: it may still be looked at, or its place may not know of it yet
      one.id ??= await sent(one)
      const { id, name, size, type } = await checked(api, one.id)
      await done(one.place, { id, name, size, type })
      drop(one)
    } catch (trouble) {
      one.error = trouble
    }
  }

  function cancel(one) {
    one.cancel?.()
    drop(one)
  }

  // the network is back: go on where it stopped
  const goOn = () => begun.value.filter((one) => one.error?.code === 'offline').forEach(again)
  onMounted(() => window.addEventListener('online', goOn))
  onBeforeUnmount(() => window.removeEventListener('online', goOn))

  const of = (place) => begun.value.filter((one) => one.place === place)
  const failed = computed(() => begun.value.filter((one) => one.error).length)
  const running = computed(() => begun.value.length - failed.value)
  return { begin, of, again, cancel, running, failed }
}
