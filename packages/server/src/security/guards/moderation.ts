// The built-in moderation guard: a model of another provider judges the texts of a call.
import type { Guard, GuardContext, Verdict } from "./types.ts"

/** A judgement of one text. */
export interface Judgement {
  flagged: boolean
  /** The categories that it flags; may be empty although it flags the text. */
  categories: readonly string[]
  /** 0 to 1 by category, as far as the model says. */
  scores: Readonly<Record<string, number>>
}

/** Judges texts, in their order; what it does is the business of inference. */
export type Moderate = (texts: readonly string[], context: GuardContext) => Promise<readonly Judgement[]>

export interface ModerationOptions {
  name: string
  moderate: Moderate
  inRequest: boolean
  inAnswer: boolean
  /** By category; where there are some the model's own verdict does not count. */
  scoreMax: Readonly<Record<string, number>> | undefined
  action: { kind: "block" } | { kind: "route"; model: string }
  /** Characters of an answer that are held back on streams. */
  holdBackChars: number
  failOpen: boolean
}

export function createModeration(options: ModerationOptions): Guard {
  const { name, inRequest, inAnswer, failOpen, holdBackChars } = options
  const judge = async (texts: readonly string[], what: string, context: GuardContext): Promise<Verdict> => {
    const judged = texts.filter((text) => text.trim() !== "")
    if (judged.length === 0) return { action: "allow" }
    return verdictOf(options, what, await options.moderate(judged, context))
  }
  return {
    name,
    failOpen,
    stream: { holdBackChars },
    // What the operator wrote is not judged; everything else in a request may come from a stranger.
    ...(inRequest
      ? {
          before: (texts, context) =>
            judge(
              texts.filter(({ role }) => role !== "system").map(({ text }) => text),
              "request",
              context,
            ),
        }
      : {}),
    ...(inAnswer ? { after: (text, context) => judge([text], "answer", context) } : {}),
  }
}

function verdictOf({ scoreMax, action }: ModerationOptions, what: string, judgements: readonly Judgement[]): Verdict {
  const found: Record<string, number> = {}
  for (const judgement of judgements)
    for (const category of flaggedCategories(judgement, scoreMax)) found[category] = (found[category] ?? 0) + 1
  const categories = Object.keys(found)
  if (categories.length === 0) return { action: "allow" }
  if (action.kind === "route" && what === "request") return { action: "route", model: action.model, found }
  return { action: "block", message: `the ${what} was flagged: ${categories.join(", ")}`, found }
}

function flaggedCategories({ flagged, categories, scores }: Judgement, scoreMax: ModerationOptions["scoreMax"]): readonly string[] {
  // A model without scores has a verdict by category.
  const scoreOf = (category: string): number => scores[category] ?? (categories.includes(category) ? 1 : 0)
  if (scoreMax) return Object.keys(scoreMax).filter((category) => scoreOf(category) > (scoreMax[category] ?? 1))
  if (!flagged) return []
  return categories.length > 0 ? categories : ["flagged"]
}
