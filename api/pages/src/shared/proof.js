/**
 * A fresh proof of who is there: asked for when the server wants one, by one window however many requests want it.
 * ProofWindow.vue draws it.
 */
import { shallowRef } from 'vue'

/** What is being asked: the api to prove with, and how to settle. @type {import('vue').ShallowRef<object|null>} */
export const asked = shallowRef(null)

let asking = null

/** @param {object} api @returns {Promise<boolean>} whether the person has proved who they are */
export function askProof(api) {
  asking ??= new Promise((resolve) => {
    asked.value = {
      api,
      settle(proved) {
        asked.value = null
        asking = null
        resolve(proved)
      },
    }
  })
  return asking
}
