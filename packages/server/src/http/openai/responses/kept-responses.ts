// W6: what one connection holds of responses that are not stored, so that its client can continue them; gone with the connection.
import type { LabelledItem } from "../../../agents/index.ts"

export interface KeptResponse {
  readonly context: readonly LabelledItem[]
  /** Of the whole chain, counted when it came over the wire. */
  readonly bytes: number
}

export class KeptResponses {
  readonly #byId = new Map<string, KeptResponse>()
  readonly #responsesMax: number
  readonly #bytesMax: number
  #bytes = 0

  constructor(responsesMax: number, bytesMax: number) {
    this.#responsesMax = responsesMax
    this.#bytesMax = bytesMax
  }

  get(id: string): KeptResponse | undefined {
    return this.#byId.get(id)
  }

  /** The oldest leave for it; a chain that is larger than all together may be is not held. */
  set(id: string, kept: KeptResponse): void {
    if (kept.bytes > this.#bytesMax) return
    this.#byId.set(id, kept)
    this.#bytes += kept.bytes
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= this.#responsesMax && this.#bytes <= this.#bytesMax) return
      this.delete(oldest)
    }
  }

  delete(id: string): void {
    this.#bytes -= this.#byId.get(id)?.bytes ?? 0
    this.#byId.delete(id)
  }
}
