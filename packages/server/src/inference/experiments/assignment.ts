// Which variant a subject gets: a weighted rendezvous, so that it stays with its variant, and changed weights move no more subjects than they must.
import { hash } from "node:crypto"

export interface Weighted {
  readonly name: string
  readonly weight: number
}

/** Undefined where no variant has a weight. */
export function variantFor<T extends Weighted>(variants: readonly T[], salt: string, subject: string): T | undefined {
  let chosen: T | undefined
  let first = Infinity
  for (const variant of variants) {
    if (variant.weight <= 0) continue
    // A race: the times of arrival are exponential with the weight as their rate, so each wins by its share of the weights.
    const arrival = -Math.log(uniform(`${salt}\0${variant.name}\0${subject}`)) / variant.weight
    if (arrival >= first) continue
    chosen = variant
    first = arrival
  }
  return chosen
}

export function isInShare(share: number, salt: string, subject: string): boolean {
  return share >= 1 || uniform(`${salt}\0\0${subject}`) < share
}

/** Above 0 and below 1, the same for the same text everywhere. */
function uniform(text: string): number {
  return (hash("sha256", text, "buffer").readUIntBE(0, 6) + 0.5) / 2 ** 48
}
