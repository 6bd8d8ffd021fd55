// The worker thread of token counting: loading a vocabulary takes a third of a second and encoding is CPU work, both away from the server's loop.
import { parentPort } from "node:worker_threads"
import { piecesOf } from "./pieces.ts"
import type { Vocabulary } from "./types.ts"

export interface ToWorker {
  id: number
  vocabulary: Vocabulary
  texts: readonly string[]
}
export type FromWorker = { id: number; tokens: number } | { id: number; error: string }

parentPort?.on("message", (message: ToWorker) => void answer(message))

async function answer({ id, vocabulary, texts }: ToWorker): Promise<void> {
  try {
    const encode = await encoderOf(vocabulary)
    let tokens = 0
    for (const text of texts) for (const piece of piecesOf(text)) tokens += encode(piece)
    parentPort?.postMessage({ id, tokens } satisfies FromWorker)
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) } satisfies FromWorker)
  }
}

/** Texts of a request are texts: what looks like a control token in them is not one. */
const noneSpecial = { disallowedSpecial: new Set<string>() }

async function encoderOf(vocabulary: Vocabulary): Promise<(text: string) => number> {
  const { countTokens } =
    vocabulary === "o200k_base" ? await import("gpt-tokenizer/encoding/o200k_base") : await import("gpt-tokenizer/encoding/cl100k_base")
  return (text) => countTokens(text, noneSpecial)
}
