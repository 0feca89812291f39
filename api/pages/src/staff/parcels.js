/** What the console knows of couriers: whom one may hand a parcel to, and when nothing more happens to one. */

/** `numbered`: the courier's own number stands on the waybill and must be given. */
export const CARRIERS = [
  { key: 'ems', words: '邮政 EMS', numbered: true },
  { key: 'sf', words: '顺丰速运', numbered: true },
  { key: 'console', words: '演示快递（自动走完物流）', numbered: false },
]

export const ENDED = new Set(['delivered', 'returned', 'cancelled', 'lost'])
