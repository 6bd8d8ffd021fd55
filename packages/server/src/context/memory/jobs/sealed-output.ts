// Outputs of steps, sealed under the scope's key: a run's log outlives what it worked on, and must not tell it when the key is gone.
import { AppError } from "../../../core/index.ts"
import { openBody, sealBody } from "../bodies.ts"

/** `row` binds it to its step: nothing else opens it. */
export function sealOutput(key: Uint8Array, projectId: string, row: string, output: object): string {
  return Buffer.from(sealBody(key, projectId, row, output)).toString("base64")
}

export function openOutput(key: Uint8Array | undefined, projectId: string, row: string, sealed: string): object {
  const output = openBody(key, projectId, row, new Uint8Array(Buffer.from(sealed, "base64")))
  if (output === undefined) throw new AppError("conflict", "What this step gave cannot be read any more: its key was destroyed.")
  return output
}
