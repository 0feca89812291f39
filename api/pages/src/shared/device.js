/**
 * This device's own secret name, made once. A device that has logged in before has limits of its own, so that a
 * stranger who tries somebody's name or number does not lock them out here; after long silence a new one is asked for
 * more.
 */
import { device } from './storage.js'

const DEVICE = 'circle.device'

/** @returns {string} 32 hexadecimal digits; where storage is closed, another one at each visit */
export function deviceId() {
  const known = device.getItem(DEVICE)
  if (/^[0-9a-f]{32}$/.test(known)) return known
  const random = crypto.getRandomValues(new Uint8Array(16))
  const made = Array.from(random, (n) => n.toString(16).padStart(2, '0')).join('')
  device.setItem(DEVICE, made)
  return made
}
