/**
 * This device's own secret name, made once. A device that has logged in before has limits of its own, so that a
 * stranger who tries somebody's name or number does not lock them out here; after long silence a new one is asked for
 * more.
 */
const DEVICE = 'circle.device'

/** @returns {string|undefined} 32 hexadecimal digits; undefined where storage is closed: the device stays unknown */
export function deviceId() {
  try {
    const known =
      localStorage.getItem(DEVICE) ??
      Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, '0')).join('')
    localStorage.setItem(DEVICE, known)
    return known
  } catch {
    return undefined
  }
}
