// Asks a model server for the names of its models: `GET /models`, with limits on time and size. Addresses are the operator's, never a client's.
import { request } from "undici"
import { isJsonObject } from "../core/index.ts"
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
  place: { baseUrl: string; apiKey: string | null; provider: Deployment["provider"] },
  signal: AbortSignal,
): Promise<ModelList> {
  const answer = await request(`${place.baseUrl}/models`, { headers: headersFor(place), signal, headersTimeout: 0, bodyTimeout: 0 })
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

function headersFor({ apiKey, provider }: { apiKey: string | null; provider: Deployment["provider"] }): Record<string, string> {
  if (apiKey === null) return {}
  return provider === "anthropic" ? { "x-api-key": apiKey, "anthropic-version": "2023-06-01" } : { authorization: `Bearer ${apiKey}` }
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
  if (!isJsonObject(list) || !Array.isArray(list["data"])) return undefined
  const names = (list["data"] as unknown[]).map((each) => (isJsonObject(each) ? each["id"] : undefined))
  return names.filter((name) => typeof name === "string" && name !== "" && name.length <= 256).slice(0, namesMax) as string[] // filtered
}
