// Vectors of texts that come again and again: the sentences of the same passages, the descriptions of the same tools.
import { hash } from "node:crypto"
import { LRUCache } from "lru-cache"
import type { Embed } from "../../types.ts"

/** About 1.6 kB each. */
const vectorsMax = 4_000

/** As `embed`, but a text is only embedded once while it is remembered. Equal texts have equal vectors, so answers do not depend on it. */
export function rememberVectors(embed: Embed): Embed {
  const known = new LRUCache<string, Float32Array>({ max: vectorsMax })
  return async (texts, signal) => {
    const keys = texts.map((text) => hash("sha256", text, "base64"))
    const vectors = keys.map((key) => known.get(key))
    const missing = texts.filter((_, i) => vectors[i] === undefined)
    if (missing.length === 0) return vectors.filter((vector) => vector !== undefined)
    const fresh = await embed(missing, signal)
    let next = 0
    return keys.map((key, i) => {
      const vector = vectors[i] ?? fresh[next++]
      if (!vector) throw new Error("the embedder answered fewer vectors than texts")
      known.set(key, vector)
      return vector
    })
  }
}
