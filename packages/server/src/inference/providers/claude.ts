// What the name of a Claude says about how it is asked: its generation, and what each takes and refuses.

export interface ClaudeTraits {
  outputTokensMax: number
  /** `temperature`, `top_p`, `top_k`; newer generations refuse them. */
  takesSampling: boolean
  /** `temperature` and `top_p` exclude each other. */
  takesOneOfSampling: boolean
  /** How it is told to think: within a number of tokens, or as it sees fit within an effort. */
  thinks: "never" | "by-budget" | "by-effort"
  /** It thinks whatever it is told. */
  thinksAlways: boolean
  /** Its thoughts are left out of the answer unless they are asked for. */
  hidesThoughts: boolean
  /** It holds its answer to a schema by itself. */
  holdsSchemas: boolean
  /** It goes on with an assistant message that ends the conversation. */
  continuesPrefix: boolean
  /** Instructions may stand in the middle of the conversation, after a turn of the user. */
  takesLateInstructions: boolean
  /** It can be made to call a tool. */
  canBeForced: boolean
}

/** 4.5 of `claude-opus-4-5-20251101`, 3.7 of `claude-3-7-sonnet`; a Claude whose generation cannot be read is taken for new. */
export function claudeVersion(model: string): number {
  const found = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?/i.exec(model)
  return found ? Number(`${found[1]}.${found[2] ?? "0"}`) : Number.POSITIVE_INFINITY
}

/** Others serve their own models in this dialect: nothing is known of what those refuse. */
const foreign: ClaudeTraits = {
  outputTokensMax: 8_192,
  takesSampling: true,
  takesOneOfSampling: false,
  thinks: "by-budget",
  thinksAlways: false,
  hidesThoughts: false,
  holdsSchemas: false,
  continuesPrefix: false,
  takesLateInstructions: false,
  canBeForced: true,
}

/** As the documentation of platform.claude.com has it in November 2026. */
export function claudeTraits(model: string): ClaudeTraits {
  if (!/claude/i.test(model)) return foreign
  const version = claudeVersion(model)
  const isHaiku = /haiku/i.test(model)
  const thinksAlways = /fable|mythos/i.test(model) || (version >= 5.5 && !isHaiku)
  return {
    outputTokensMax: outputTokensMaxOf(model, version),
    takesSampling: version < 4.7,
    takesOneOfSampling: version >= 4.1,
    thinks: version < 3.7 ? "never" : version < 4.6 ? "by-budget" : "by-effort",
    thinksAlways,
    hidesThoughts: version >= 4.7,
    holdsSchemas: version >= 4.5,
    continuesPrefix: version < 4.6,
    takesLateInstructions: version >= 4.8,
    canBeForced: version < 5.1 || (isHaiku && version < 6),
  }
}

function outputTokensMaxOf(model: string, version: number): number {
  if (version >= 4.6) return 128_000
  if (version >= 4.5) return 64_000
  if (version >= 4) return /opus/i.test(model) ? 32_000 : 64_000
  if (version >= 3.7) return 64_000
  return version >= 3.5 ? 8_192 : 4_096
}
