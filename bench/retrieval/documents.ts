// How good is the search of vector stores? nDCG@10 and recall@10 by words, by vectors and by both, through the server's own chunker, index and search.
//   node bench/retrieval/documents.ts [scifact|cranfield] [documents]     all documents when no number is given; fewer keep the labelled ones
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { openMiniLm, type MiniLm } from "@perdure/minilm"
import { chunkDocument, embeddingTexts, indexText } from "../../packages/server/src/context/documents/chunk.ts"
import { parsePlain } from "../../packages/server/src/context/documents/plain.ts"
import { countTerms } from "../../packages/server/src/context/retrieval/analyze.ts"
import { placeOf } from "../../packages/server/src/context/retrieval/bm25.ts"
import { createScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import { parametersOf } from "../../packages/server/src/context/retrieval/lanes.ts"
import { searchScope } from "../../packages/server/src/context/retrieval/scope-search.ts"
import { createWordCache } from "../../packages/server/src/context/retrieval/word-cache.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { autoChunking } from "../../packages/server/src/context/index.ts"
import { derivedTermKeys } from "../../packages/server/src/context/retrieval/term-hash.ts"
import type { Store } from "../../packages/server/src/store/index.ts"
import { openBenchStore, vectorIndexOf } from "./bench-store.ts"

const set = process.argv[2] === "cranfield" ? "cranfield" : "scifact"
const folder = new URL(`../../../shared/retrieval/${set}/`, import.meta.url)
const cacheFolder = new URL("./results/", import.meta.url)
const projectId = "proj_bench"
const scopeId = `vs_${set}`
const model = "perdure/minilm"
const wordCache = createWordCache({ bytesMax: defaultLimits.wordCacheBytesMax })
const termKeyOf = derivedTermKeys(new Uint8Array(32))

interface Text {
  id: string
  text: string
}

if (existsSync(folder)) await main()
else console.log(`skipped: ../shared/retrieval/${set} is not here`)

async function main(): Promise<void> {
  const documents = subset(Number(process.argv[3] ?? Infinity))
  await using minilm = await openMiniLm()
  await using opened = await openBenchStore()
  const { store } = opened
  const embed = cachedEmbed(minilm)
  const indexed = await index(store, documents, embed)
  embed.save()
  console.log(
    `${documents.length} documents, ${indexed.chunks} chunks, ${queries().length} questions; indexed in ${(indexed.ms / 1000).toFixed(0)} s\n`,
  )
  console.log("arm       nDCG@10  recall@10   ms/question")
  for (const arm of ["words", "vectors", "hybrid"] as const) {
    const { ndcg, recall, ms } = await measure(store, embed, arm)
    console.log(`${arm.padEnd(10)}${ndcg.toFixed(3)}    ${recall.toFixed(3)}       ${ms.toFixed(1)}`)
  }
  embed.save()
}

async function index(store: Store, documents: readonly Text[], embed: CachedEmbed): Promise<{ chunks: number; ms: number }> {
  const started = performance.now()
  let count = 0
  const scopeIndex = createScopeIndex({ store, termKeyOf })
  for (const document of documents) {
    const options = { tokensMax: autoChunking.tokensMax, overlapTokens: autoChunking.overlapTokens, chunksMax: 1_000 }
    const chunks = chunkDocument(parsePlain(document.text), options)
    const texts = chunks.flatMap((chunk, part) => embeddingTexts(chunk, 228).map((text, piece) => ({ part, piece, text })))
    const vectors = await embed.texts(texts.map((text) => text.text))
    const key = { projectId, scopeId, documentId: document.id }
    const parts = chunks.map((chunk) => {
      const { frequencies: terms, length } = countTerms(indexText(chunk))
      return { terms, length }
    })
    await store.project(projectId).transaction(async (tx) => {
      await scopeIndex.indexEntry(tx, { ...key, lane: "document", session: document.id, parts })
      const rows = texts.map(({ part, piece }, place) => ({ part, piece, vector: vectors[place] ?? new Float32Array() }))
      await scopeIndex.indexVectors(tx, { ...key, model }, rows)
    })
    count += chunks.length
  }
  return { chunks: count, ms: performance.now() - started }
}

async function measure(
  store: Store,
  embed: CachedEmbed,
  arm: "words" | "vectors" | "hybrid",
): Promise<{ ndcg: number; recall: number; ms: number }> {
  const labels = relevance()
  let ndcg = 0
  let recall = 0
  let ms = 0
  for (const query of queries()) {
    const vector = arm === "words" ? undefined : (await embed.texts([query.text]))[0]
    const started = performance.now()
    const text = arm === "vectors" ? "" : query.text
    const found = await store.project(projectId).transaction((tx) =>
      searchScope(tx, {
        projectId,
        scopeId,
        model,
        text,
        vector,
        filter: null,
        lanes: parametersOf(["document"]),
        candidatesMax: 100,
        wordCache,
        vectorIndex: vectorIndexOf(store),
        termKeyOf,
      }),
    )
    ms += performance.now() - started
    const ranking = [...new Set(found.map((entry) => placeOf(entry.key).documentId))].slice(0, 10)
    const relevant = labels.get(query.id) ?? new Set()
    ndcg += gain(ranking.map((id) => relevant.has(id))) / gain(Array.from({ length: Math.min(relevant.size, 10) }, () => true))
    recall += ranking.filter((id) => relevant.has(id)).length / relevant.size
  }
  const count = queries().length
  return { ndcg: ndcg / count, recall: recall / count, ms: ms / count }
}

function gain(hits: readonly boolean[]): number {
  return hits.reduce((total, hit, place) => total + (hit ? 1 / Math.log2(place + 2) : 0), 0)
}

function subset(size: number): Text[] {
  const all = lines("docs.jsonl")
  const labelled = new Set([...relevance().values()].flatMap((ids) => [...ids]))
  const chosen = all.filter((document) => labelled.has(document.id))
  const others = all.filter((document) => !labelled.has(document.id))
  return [...chosen, ...others.slice(0, Math.max(0, size - chosen.length))]
}

function queries(): Text[] {
  const labels = relevance()
  return lines("queries.jsonl").filter((query) => labels.has(query.id))
}

function relevance(): Map<string, Set<string>> {
  const labels = new Map<string, Set<string>>()
  for (const line of readFileSync(new URL("qrels.tsv", folder), "utf8").trim().split("\n").slice(1)) {
    const [query = "", document = "", grade = "0"] = line.split("\t")
    if (Number(grade) > 0) labels.set(query, (labels.get(query) ?? new Set()).add(document))
  }
  return labels
}

function lines(name: string): Text[] {
  const text = readFileSync(new URL(name, folder), "utf8").trim()
  return text.split("\n").map((line) => JSON.parse(line) as Text) // the format is that of the folder's README
}

interface CachedEmbed {
  texts(texts: readonly string[]): Promise<Float32Array[]>
  save(): void
}

/** Embedding takes minutes and never changes: vectors are kept beside the bench, by the hash of their text. */
function cachedEmbed(minilm: MiniLm): CachedEmbed {
  const file = new URL(`${set}-vectors.json`, cacheFolder)
  const cache = new Map<string, string>(existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as [string, string][]) : [])
  const known = cache.size
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64")
  return {
    async texts(texts) {
      const missing = texts.filter((text) => !cache.has(hash(text)))
      const vectors = missing.length === 0 ? [] : await minilm.embed(missing)
      missing.forEach((text, place) => cache.set(hash(text), Buffer.from(vectors[place]?.buffer ?? new ArrayBuffer()).toString("base64")))
      return texts.map((text) => new Float32Array(Uint8Array.from(Buffer.from(cache.get(hash(text)) ?? "", "base64")).buffer))
    },
    save() {
      if (cache.size === known) return
      mkdirSync(cacheFolder, { recursive: true })
      writeFileSync(file, JSON.stringify([...cache]))
    },
  }
}
