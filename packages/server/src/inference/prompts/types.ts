// The words of prompts: a version as it is held in memory, and one with the values of a request filled in.
import type { PromptContent, PromptMessage, PromptParameters } from "@perdure/contract"
import type { JsonObject, JsonValue } from "../../core/index.ts"

export interface HeldVersion extends PromptContent {
  readonly name: string
  readonly version: number
  readonly variables: readonly string[]
  /** A file of the configuration, or `api`. */
  readonly origin: string
  readonly createdBy: string | null
  /** Epoch milliseconds; null for files. */
  readonly createdAt: number | null
}

export interface HeldPrompt {
  readonly name: string
  readonly origin: string
  readonly latest: number
  readonly versions: ReadonlyMap<number, HeldVersion>
  /** Without `latest`. */
  readonly labels: ReadonlyMap<string, number>
}

/** A version that the configuration declares. */
export interface DeclaredPrompt extends PromptContent {
  readonly name: string
  readonly version: number
  readonly labels: readonly string[]
  readonly origin: string
}

/** Which prompt a request asks for. */
export interface PromptReference {
  readonly name: string
  /** A number or a label; `production`, else the latest, when absent. */
  readonly version: string | undefined
  readonly variables: JsonValue | undefined
  /** The parameter that holds it, for errors. */
  readonly where: string
}

export interface RenderedPrompt {
  readonly name: string
  readonly version: number
  readonly messages: readonly PromptMessage[]
  readonly parameters: PromptParameters
  readonly variables: JsonObject
}
