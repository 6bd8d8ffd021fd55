// Outputs of steps, sealed under the scope's key: a run's log outlives what it worked on, and must not tell it when the key is gone.
import { openBody, sealBody } from "../bodies.ts"

/** `row` binds it to its step: nothing else opens it. */
export function sealOutput(key: Uint8Array, projectId: string, row: string, output: object): string {
  return Buffer.from(sealBody(key, projectId, row, output)).toString("base64")
}

/** Undefined where its key was destroyed, also if there is another one by now. */
export function openOutput(key: Uint8Array | undefined, projectId: string, row: string, sealed: string): object | undefined {
  return openBody(key, projectId, row, new Uint8Array(Buffer.from(sealed, "base64")))
}
