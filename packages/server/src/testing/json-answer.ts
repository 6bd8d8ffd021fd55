// An answer of the fake provider that is this JSON and nothing else.
import type { FakeAnswer } from "./fake-provider.ts"

export function jsonAnswer(answer: unknown, status = 200): FakeAnswer {
  return { raw: { status, headers: { "content-type": "application/json" }, body: [JSON.stringify(answer)] } }
}
