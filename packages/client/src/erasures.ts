// Erasing for good: counted first, done by a durable run, proven by a receipt.
import type { Erasure, ErasureCreateRequest, ErasureList } from "@perdure/contract"
import type { Transport } from "./transport.ts"

export interface Erasures {
  /** With `dryRun` it only counts. Resolves after ten seconds at the latest; the work goes on. */
  start(request: ErasureCreateRequest): Promise<Erasure>
  get(id: string, signal?: AbortSignal): Promise<Erasure>
  /** Newest first; `next` of the answer is `before` of the next page. */
  list(query?: { before?: string; limit?: number }, signal?: AbortSignal): Promise<ErasureList>
}

export function erasuresOf(transport: Transport): Erasures {
  return {
    start: (request) => transport.json({ method: "POST", path: "/v1/erasures", body: request }),
    get: (id, signal) => transport.json({ path: `/v1/erasures/${encodeURIComponent(id)}`, signal }),
    list: (query, signal) => transport.json({ path: "/v1/erasures", query: { ...query }, signal }),
  }
}
