/** Addresses that come from the server ('/cases/…', '/#/cases/…', {type, ref}) as routes of this page. */

const KNOWN = /^\/(cases|talks|matters|points|drafts|messages)(\/[^?#]*)?$/

/** @param {string|null|undefined} link @returns {string|null} */
export function routeOf(link) {
  const path = (link ?? '')
    .replace(/^https?:\/\/[^/]+/, '')
    .replace(/^\/?#/, '')
    .replace(/^\/conversations\//, '/talks/')
  return KNOWN.test(path) ? path : null
}

const CARDS = { case: 'cases', guide: 'matters', apply: 'matters', draft: 'drafts', point: 'points' }

/** The address of a card in a conversation. @param {{type: string, ref?: string}|undefined} card */
export function cardLink(card) {
  return card?.ref && CARDS[card.type] ? `#/${CARDS[card.type]}/${encodeURIComponent(card.ref)}` : null
}
