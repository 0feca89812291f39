/** Keys of the console that act by themselves. */

const isSeen = (element) => element.getClientRects().length > 0

/** Whether a key is meant for the page: pressed alone, while nobody types in a field and no question is open. */
export function isShortcut(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return false
  if (event.target.closest?.('input, textarea, select, [contenteditable]')) return false
  return ![...document.querySelectorAll('.van-dialog')].some(isSeen)
}
