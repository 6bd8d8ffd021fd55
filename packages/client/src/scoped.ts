// Blocks and operational states of a scope: read with their versions, written by compare-and-swap.
import type {
  Block,
  BlockList,
  BlockPutRequest,
  BlockVersions,
  BlockWritten,
  State,
  StateList,
  StateVersions,
  StateWritten,
} from "@perdure/contract"
import type { Transport } from "./transport.ts"

/** What must be there for a write to happen: the version that was read, or nothing at all. A write that finds something else is refused with it as `current`. */
export type Expected = { version: number } | "absent"

export interface ScopedPage {
  /** The last path or key of the page before. */
  after?: string
  limit?: number
}

export interface Blocks {
  /** By path. */
  list(scope: string, page?: ScopedPage, signal?: AbortSignal): Promise<BlockList>
  get(scope: string, path: string, signal?: AbortSignal): Promise<Block>
  /** What it was, newest first. */
  versions(scope: string, path: string, signal?: AbortSignal): Promise<BlockVersions>
  put(scope: string, path: string, block: BlockPutRequest, expected?: Expected): Promise<BlockWritten>
  /** Stands by the text of that version: it may instruct from then on. */
  confirm(scope: string, path: string, version: number): Promise<BlockWritten>
  delete(scope: string, path: string, expected?: Expected): Promise<unknown>
}

export interface States {
  /** By key. */
  list(scope: string, page?: ScopedPage, signal?: AbortSignal): Promise<StateList>
  get(scope: string, key: string, signal?: AbortSignal): Promise<State>
  /** What it was, newest first. */
  versions(scope: string, key: string, signal?: AbortSignal): Promise<StateVersions>
  put(scope: string, key: string, value: State["value"], expected?: Expected): Promise<StateWritten>
  delete(scope: string, key: string, expected?: Expected): Promise<unknown>
}

export function blocksOf(transport: Transport): Blocks {
  const pathOf = (scope: string, path: string): string =>
    `/v1/blocks/${encodeURIComponent(scope)}/${path.split("/").map(encodeURIComponent).join("/")}`
  return {
    list: (scope, page, signal) => transport.json({ path: `/v1/blocks/${encodeURIComponent(scope)}`, query: { ...page }, signal }),
    get: (scope, path, signal) => transport.json({ path: pathOf(scope, path), signal }),
    versions: (scope, path, signal) => transport.json({ path: `${pathOf(scope, path)}/versions`, signal }),
    put: (scope, path, block, expected) =>
      transport.json({ method: "PUT", path: pathOf(scope, path), body: block, headers: preconditionOf(expected) }),
    confirm: (scope, path, version) =>
      transport.json({ method: "POST", path: `${pathOf(scope, path)}/confirm`, headers: preconditionOf({ version }) }),
    delete: (scope, path, expected) => transport.json({ method: "DELETE", path: pathOf(scope, path), headers: preconditionOf(expected) }),
  }
}

export function statesOf(transport: Transport): States {
  const pathOf = (scope: string, key: string): string => `/v1/states/${encodeURIComponent(scope)}/${encodeURIComponent(key)}`
  return {
    list: (scope, page, signal) => transport.json({ path: `/v1/states/${encodeURIComponent(scope)}`, query: { ...page }, signal }),
    get: (scope, key, signal) => transport.json({ path: pathOf(scope, key), signal }),
    versions: (scope, key, signal) => transport.json({ path: `${pathOf(scope, key)}/versions`, signal }),
    put: (scope, key, value, expected) =>
      transport.json({ method: "PUT", path: pathOf(scope, key), body: { value }, headers: preconditionOf(expected) }),
    delete: (scope, key, expected) => transport.json({ method: "DELETE", path: pathOf(scope, key), headers: preconditionOf(expected) }),
  }
}

function preconditionOf(expected: Expected | undefined): Record<string, string> {
  if (expected === undefined) return {}
  return expected === "absent" ? { "if-none-match": "*" } : { "if-match": `"${expected.version}"` }
}
