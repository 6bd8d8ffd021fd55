// The guard of tests that redacts addresses of mail, in requests and answers.
import { createRedactor, type Guard } from "../security/index.ts"

/** `restore`: the client gets its own addresses back. */
export function emailRedactor({ restore }: { restore: boolean }): Guard {
  return createRedactor({
    name: "pii",
    entities: ["email"],
    patterns: [],
    inRequest: true,
    inAnswer: true,
    restore,
    action: { kind: "redact" },
  })
}
