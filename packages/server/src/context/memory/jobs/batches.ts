// Which messages are read together: of one level, one session and one payer, so that no fact gets a label that its message does not have.

export interface Batchable {
  integrity: number
  principal: string
  keyId: string
  session: string | null
  tokens: number
}

const messagesMax = 16
const tokensMax = 4_000

/** In the given order; a message that is too large alone is a batch alone. */
export function batchesOf<T extends Batchable>(messages: readonly T[]): T[][] {
  const batches: T[][] = []
  let tokens = 0
  for (const message of messages) {
    const last = batches.at(-1)
    const first = last?.[0]
    const fits =
      first !== undefined &&
      last !== undefined &&
      last.length < messagesMax &&
      tokens + message.tokens <= tokensMax &&
      goTogether(first, message)
    if (fits) last.push(message)
    else batches.push([message])
    tokens = fits ? tokens + message.tokens : message.tokens
  }
  return batches
}

/** Data of two keys never meet: what was derived from both could not be erased with one. */
function goTogether(a: Batchable, b: Batchable): boolean {
  return a.integrity === b.integrity && a.principal === b.principal && a.keyId === b.keyId && a.session === b.session
}
