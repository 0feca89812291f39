/**
 * Whether a person is there: a tap, a key or a turn of the wheel since it was last asked. The api asks before each
 * request and says it to the server, which keeps nobody logged in for an open page alone.
 */
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart']

/** @param {EventTarget} target @returns {() => boolean} true once after each sign of a person */
export function watchPerson(target) {
  let seen = false
  const see = (event) => {
    seen ||= event.isTrusted
  }
  for (const sign of SIGNS) target.addEventListener(sign, see, { capture: true, passive: true })
  return () => {
    const was = seen
    seen = false
    return was
  }
}
