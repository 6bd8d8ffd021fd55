// Vectors of the bundled model, kept in the temporary directory between runs of a bench: they take minutes and never change.
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openMiniLm, type Passage, type PassageVectors } from "@perdure/minilm"

export interface CachedModel extends AsyncDisposable {
  passages(passages: readonly Passage[]): Promise<PassageVectors[]>
}

/** One file per passage would be a hundred thousand files, so there is one per name, written at the end. */
export async function openCachedModel(name: string): Promise<CachedModel> {
  const folder = join(tmpdir(), "perdure-bench-vectors")
  const file = join(folder, `${name}.jsonl`)
  const cache = new Map<string, PassageVectors>()
  if (existsSync(file)) {
    for (const line of readFileSync(file, "utf8").split("\n")) if (line !== "") cache.set(...parsed(line))
  }
  const known = cache.size
  const model = await openMiniLm()
  return {
    async passages(passages) {
      const missing = passages.filter((passage) => !cache.has(keyOf(passage)))
      const vectors = missing.length === 0 ? [] : await model.embedPassages(missing)
      for (const [index, passage] of missing.entries()) cache.set(keyOf(passage), vectors[index]!)
      return passages.map((passage) => cache.get(keyOf(passage))!)
    },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]()
      if (cache.size === known) return
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, [...cache].map(line).join(""))
    },
  }
}

function keyOf({ text, previous = "" }: Passage): string {
  return createHash("sha256").update(`${previous}\u0000${text}`).digest("base64")
}

function line([key, { text, tokens }]: [string, PassageVectors]): string {
  const packed = [text, tokens.vectors, tokens.weights].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString("base64"),
  )
  return `${JSON.stringify([key, ...packed])}\n`
}

function parsed(text: string): [string, PassageVectors] {
  const [key = "", ...packed] = JSON.parse(text) as string[]
  const [vector, tokens, weights] = packed.map((each) => new Uint8Array(Buffer.from(each, "base64")).buffer)
  return [key, { text: new Float32Array(vector!), tokens: { vectors: new Int8Array(tokens!), weights: new Float32Array(weights!) } }]
}
