/** Uploads that go on while one looks at something else: they belong to a page, not to the field that began them. */
import { computed, onBeforeUnmount, onMounted, reactive, ref } from 'vue'
import { newId } from './api.js'
import { upload } from './upload.js'

/**
 * @param {import('./api.js').createApi} api
 * @param {(place: string, file: {id, name, size, type}) => Promise<void>} done takes an accepted file
 * @returns `begin(place, file, purpose)`, `of(place)` what runs there, `again(one)`, `cancel(one)`, `count` of all
 */
export function useUploads(api, done) {
  const running = ref([])
  const drop = (one) => (running.value = running.value.filter((other) => other.key !== one.key))

  function begin(place, file, purpose) {
    const one = reactive({ key: newId(), place, file, purpose, fraction: 0, error: null, cancel: null, sent: null })
    running.value.push(one)
    again(one)
  }

  async function again(one) {
    one.error = null
    try {
      if (one.sent) {
        await done(one.place, one.sent) // it is there already: only the place does not know of it yet
        drop(one)
        return
      }
      const sending = upload(api, one.file, {
        purpose: one.purpose,
        onProgress: (fraction) => {
          one.fraction = fraction
        },
      })
      one.cancel = sending.cancel
      const { id, name, size, type } = await sending.done
      one.sent = { id, name, size, type }
      await done(one.place, one.sent)
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
  const goOn = () => running.value.filter((one) => one.error?.code === 'offline').forEach(again)
  onMounted(() => window.addEventListener('online', goOn))
  onBeforeUnmount(() => window.removeEventListener('online', goOn))

  const of = (place) => running.value.filter((one) => one.place === place)
  return { begin, of, again, cancel, count: computed(() => running.value.length) }
}
