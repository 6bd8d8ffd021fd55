// Asks a provider for the names of its models: `GET /models`, with limits on time and size. Addresses are the operator's, never a client's.
import { request } from "undici"
import { isJsonObject } from "../core/index.ts"
import { presetOf } from "./providers/presets.ts"
import { headersOf, pathsOf } from "./providers/target.ts"
import type { Deployment } from "./types.ts"

export type ModelList =
  | { outcome: "found"; names: readonly string[] }
  /** The key is missing or wrong. */
  | { outcome: "refused"; status: number }
  /** Something answers, but not with a list of models. */
  | { outcome: "other"; why: string }
  | { outcome: "unreachable"; why: string }

const listBytesMax = 4 * 1024 * 1024
const namesMax = 1_000

/** Throws where nothing answers in time. */
export async function readModelNames(
  place: Pick<Deployment, "provider" | "apiKey" | "settings"> & { baseUrl: string },
  signal: AbortSignal,
): Promise<ModelList> {
  const { origin, pathname } = new URL(place.baseUrl)
  const pathOf = pathsOf({ ...place, upstreamModel: "", dialect: "openai-chat" }, pathname.replace(/\/+$/, ""))
  const address = origin + pathOf(presetOf(place.provider).modelsPath)
  const answer = await request(address, { headers: headersOf(place), signal, headersTimeout: 0, bodyTimeout: 0 })
  if (answer.statusCode !== 200) {
    await answer.body.dump()
    const { statusCode } = answer
    return statusCode === 401 || statusCode === 403
      ? { outcome: "refused", status: statusCode }
      : { outcome: "other", why: `HTTP ${statusCode}` }
  }
  const text = await bounded(answer.body)
  const names = text === undefined ? undefined : namesIn(text)
  return names ? { outcome: "found", names } : { outcome: "other", why: "not the JSON that was expected" }
}

async function bounded(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > listBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

function namesIn(text: string): string[] | undefined {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  const items = itemsIn(list)
  if (!items) return undefined
  const names = items.map((each) => (isJsonObject(each) ? (each["id"] ?? each["name"]) : undefined))
  const plain = names.map((name) => (typeof name === "string" ? name.replace(/^models\//, "") : ""))
  return plain.filter((name) => name !== "" && name.length <= 256).slice(0, namesMax)
}

/** OpenAI's list, the one of Gemini and Cohere, or a bare one. */
function itemsIn(list: unknown): readonly unknown[] | undefined {
  const items = isJsonObject(list) ? (list["data"] ?? list["models"]) : list
  return Array.isArray(items) ? (items as unknown[]) : undefined
}
