// What a media request will be paid for beside tokens, read from the request before it is sent, so that budgets can hold it.
import type { PricedPieces } from "../../accounting/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { imageKind } from "./usage.ts"

/** `n` pictures; a form says it as a text. */
export function imagesAsked(request: JsonObject): PricedPieces {
  const { n } = request
  return { imageCount: Math.max(1, countOf(n) ?? 1), imageKind: imageKind(request) }
}

export function charactersAsked({ input }: JsonObject): PricedPieces {
  return { characters: typeof input === "string" ? input.length : 0 }
}

/** Sound at 64 kbit/s: longer than what better sound of that size lasts, shorter than telephone speech. */
const soundBytesPerSecond = 8_000

export function secondsSent(_request: JsonObject, sizeBytes: number): PricedPieces {
  return { seconds: Math.ceil(sizeBytes / soundBytesPerSecond) }
}

/** Cohere counts a search for each hundred documents. */
const documentsPerSearch = 100

export function searchesAsked({ documents }: JsonObject): PricedPieces {
  return { searchUnits: Array.isArray(documents) ? Math.ceil(documents.length / documentsPerSearch) : 1 }
}

function countOf(value: JsonValue | undefined): number | undefined {
  const count = Number(value ?? Number.NaN)
  return Number.isSafeInteger(count) ? count : undefined
}
