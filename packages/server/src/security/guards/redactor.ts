// The built-in redactor: personal data and secrets leave the request before a model sees it, and may come back in the answer.
import { blocked } from "./blocked.ts"
import { builtInPatterns, type EntityKind, type Pattern } from "./patterns.ts"
import { placeholderPattern, Placeholders } from "./placeholders.ts"
import { PatternFilter, replaceMatches } from "./scan.ts"
import type { Guard, GuardContext, GuardText, TextFilter, Verdict } from "./types.ts"

export interface RedactorOptions {
  name: string
  entities: readonly EntityKind[]
  /** Found before the built-in ones. */
  patterns: readonly Pattern[]
  inRequest: boolean
  inAnswer: boolean
  /** The answer gets back what was taken out of its request. */
  restore: boolean
  /** What happens where something is found; an answer can be blocked, but not routed. */
  action: { kind: "redact" } | { kind: "block" } | { kind: "route"; model: string }
}

export function createRedactor(options: RedactorOptions): Guard {
  const patterns = [...options.patterns, ...builtInPatterns(options.entities)]
  /** One call's words, from its request to the end of its answer. */
  const calls = new WeakMap<GuardContext, Placeholders>()
  const placeholdersOf = (context: GuardContext): Placeholders => {
    const placeholders = calls.get(context) ?? new Placeholders()
    calls.set(context, placeholders)
    return placeholders
  }
  return {
    name: options.name,
    ...(options.inRequest ? { before: (texts, context) => checkRequest(options, patterns, texts, () => placeholdersOf(context)) } : {}),
    ...(options.inAnswer || options.restore
      ? { filter: (context, about) => answerFilter(options, patterns, placeholdersOf(context), about) }
      : {}),
  }
}

function checkRequest(
  { action }: RedactorOptions,
  patterns: readonly Pattern[],
  texts: readonly GuardText[],
  placeholders: () => Placeholders,
): Verdict {
  const found: Record<string, number> = {}
  const taken = (word: string): boolean => texts.some(({ text }) => text.includes(word))
  const words = placeholders()
  const clean = texts.map(({ text }) =>
    replaceMatches(text, patterns, (match, { kind }) => {
      found[kind] = (found[kind] ?? 0) + 1
      return words.wordFor(kind, match, taken)
    }),
  )
  const kinds = Object.keys(found)
  if (kinds.length === 0) return { action: "allow" }
  if (action.kind === "block") return { action: "block", message: `the request contains what may not be sent: ${kinds.join(", ")}`, found }
  if (action.kind === "route") return { action: "route", model: action.model, found }
  return { action: "redact", texts: clean, found }
}

/** In JSON a value that comes back is written as JSON writes it. */
function answerFilter(
  { inAnswer, restore, action, name }: RedactorOptions,
  patterns: readonly Pattern[],
  placeholders: Placeholders,
  { json, found }: { json: boolean; found: (kind: string) => void },
): TextFilter | undefined {
  const restores = restore && !placeholders.isEmpty
  if (!inAnswer && !restores) return undefined
  const own = new Placeholders()
  const searched = [...(restores ? [placeholderPattern] : []), ...(inAnswer ? patterns : [])]
  return new PatternFilter(searched, (match, { kind }) => {
    if (kind !== placeholderPattern.kind) {
      found(kind)
      if (action.kind === "block") throw blocked(name, `the answer contains what may not be sent: ${kind}`)
      return own.wordFor(kind, match, (word) => placeholders.valueOf(word) !== undefined)
    }
    const value = placeholders.valueOf(match) ?? match
    return json ? JSON.stringify(value).slice(1, -1) : value
  })
}
