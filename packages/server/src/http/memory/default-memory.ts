// Which memory a call has by the configuration: the first entry that fits it, with what is known of the call in the names of its scopes.
import type { MemoryWish } from "../../agents/index.ts"
import { matchOf, type MemoryCallConfig } from "../../config/index.ts"
import type { CallMemories, DefaultMemory, MemoryCall } from "./call-memories.ts"

export function defaultMemory(calls: readonly MemoryCallConfig[], call: MemoryCall): DefaultMemory {
  const config = calls.find((each) => fits(each, call))
  if (config === undefined) return undefined
  const scopes: string[] = []
  for (const template of config.scopes) {
    const scope = filled(template, call)
    if (scope.startsWith("!")) return { skipped: scope.slice(1) }
    scopes.push(scope)
  }
  return { wish: wishOf(config, scopes) }
}

function fits({ for: { model, key, project, tag } }: MemoryCallConfig, { principal, model: name }: MemoryCall): boolean {
  if (model !== undefined && model !== name && matchOf(model, name) === undefined) return false
  if (key !== undefined && key !== principal.id && key !== principal.name) return false
  if (project !== undefined && project !== principal.projectId) return false
  return tag === undefined || principal.tags.includes(tag)
}

/** One segment of a scope: a name that brings a slash would lead into another scope. */
const name = /^(?! )[^/\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,120}(?<! )$/u

function filled(template: string, { principal, model, user }: MemoryCall): string {
  const known: Readonly<Record<string, string | null>> = { user, key: principal.id, keyName: principal.name, model }
  let missing: string | undefined
  const scope = template.replaceAll(/\{(\w+)\}/g, (_, word: string) => {
    const value = known[word]
    if (value === null || value === undefined) missing ??= `it names no ${word}, which its scope "${template}" needs`
    else if (!name.test(value)) missing ??= `what it names as ${word} cannot be part of a scope`
    return value ?? ""
  })
  return missing === undefined ? scope : `!${missing}`
}

function wishOf(
  { budgetTokens, limit, lanes, levelMin, states, vectorStores, remember, required }: MemoryCallConfig,
  scopes: readonly string[],
): MemoryWish {
  const recall = { budget_tokens: budgetTokens, limit, lanes: lanes ?? null, level_min: levelMin ?? null, states }
  return {
    scopes,
    recall: budgetTokens === 0 ? null : recall,
    remember,
    ...(required ? { required: true } : {}),
    ...(vectorStores.length === 0 ? {} : { vector_store_ids: vectorStores }),
  }
}

/** The entries of the configuration in force. */
export interface DefaultMemories extends Pick<CallMemories, "isEmpty" | "defaultOf"> {
  replace(calls: readonly MemoryCallConfig[]): void
}

export function createDefaultMemories(first: readonly MemoryCallConfig[]): DefaultMemories {
  let calls = first
  return {
    get isEmpty() {
      return calls.length === 0
    },
    defaultOf: (call) => defaultMemory(calls, call),
    replace: (next) => {
      calls = next
    },
  }
}
