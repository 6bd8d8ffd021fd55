// The changes of a scope, as the client reads them: pages, named cursors, and a stream that survives cuts.
import type { Change, ChangeCursor, ChangePage, ChangePageQuery } from "@perdure/contract"
import { readStream, type StreamOptions } from "./stream.ts"
import type { Transport } from "./transport.ts"

export interface Changes {
  /** Changes after `after`, oldest first; with `waitMs` the first is waited for. */
  list(query: Omit<ChangePageQuery, "stream">, signal?: AbortSignal): Promise<ChangePage>
  /** Every change of the scope after `after` as it is committed, until the signal aborts: none is missed, none comes twice. */
  follow(scope: string, options: StreamOptions & { after?: number }): AsyncGenerator<Change>
  /** Says how far a named reader has come; `list({ reader })` goes on there. */
  acknowledge(cursor: ChangeCursor): Promise<ChangeCursor>
}

export function changesOf(transport: Transport): Changes {
  return {
    list: (query, signal) => transport.json({ path: "/v1/changes", query: listQuery(query), signal }),
    follow: (scope, options) => follow(transport, scope, options),
    acknowledge: (cursor) => transport.json({ method: "POST", path: "/v1/changes/cursors", body: cursor }),
  }
}

function listQuery({ scope, after, reader, limit, waitMs }: Omit<ChangePageQuery, "stream">): Record<string, string | number | undefined> {
  // Coerced by the server: any number or text.
  return { scope, after: after as number | undefined, reader, limit: limit as number | undefined, waitMs: waitMs as number | undefined }
}

async function* follow(transport: Transport, scope: string, options: StreamOptions & { after?: number }): AsyncGenerator<Change> {
  const { after = 0, ...rest } = options
  const path = `/v1/changes?scope=${encodeURIComponent(scope)}`
  const messages = readStream(transport, { ...rest, path, lastEventId: String(after), isLast: () => false })
  // The frame's shape is the contract's.
  for await (const message of messages) if (message.event === "change") yield JSON.parse(message.data) as Change
}
