// Bodies of episodes, versions and sources: JSON, encrypted under the key of whom it is about, bound to the row that it belongs to.
import { openUnder, sealUnder } from "../../security/index.ts"

export function sealBody(key: Uint8Array, projectId: string, rowId: string, body: object): Uint8Array {
  return sealUnder(key, Buffer.from(JSON.stringify(body)), `${projectId} ${rowId}`)
}

/** Undefined where it is redacted, its key was destroyed, or it is another row's. */
export function openBody(key: Uint8Array | undefined, projectId: string, rowId: string, sealed: Uint8Array | null): object | undefined {
  if (key === undefined || sealed === null) return undefined
  const bytes = openUnder(key, sealed, `${projectId} ${rowId}`)
  return bytes && (JSON.parse(Buffer.from(bytes).toString("utf8")) as object) // written by us, and authentic
}
