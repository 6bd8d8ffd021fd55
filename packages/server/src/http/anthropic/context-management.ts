// `context_management` of a messages request: the edits, as far as they can be done for a model that is not Anthropic's own.
import { z } from "zod"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { AppError } from "../../core/index.ts"
import type { AppliedEdit, ContextEdit } from "../../inference/index.ts"

const count = z.int().min(0)
const clearToolUses = z
  .looseObject({
    type: z.literal("clear_tool_uses_20250919"),
    trigger: z.looseObject({ type: z.enum(["input_tokens", "tool_uses"]), value: count }).nullish(),
    keep: z.looseObject({ type: z.literal("tool_uses"), value: count }).nullish(),
    clear_at_least: z.looseObject({ type: z.literal("input_tokens"), value: count }).nullish(),
    exclude_tools: z.array(z.string()).nullish(),
    clear_tool_inputs: z.union([z.boolean(), z.array(z.string())]).nullish(),
  })
  .transform((edit): ContextEdit => ({
    type: edit.type,
    trigger: edit.trigger ?? { type: "input_tokens", value: 100_000 },
    keepToolUses: edit.keep?.value ?? 3,
    clearAtLeastTokens: edit.clear_at_least?.value ?? 0,
    excludeTools: edit.exclude_tools ?? [],
    clearToolInputs: edit.clear_tool_inputs ?? false,
  }))
const clearThinking = z
  .looseObject({
    type: z.literal("clear_thinking_20251015"),
    keep: z
      .union([z.literal("all"), z.looseObject({ type: z.enum(["thinking_turns", "all"]), value: z.int().min(1).optional() })])
      .nullish(),
  })
  .transform(({ type, keep }): ContextEdit => {
    const all = keep === "all" || keep?.type === "all"
    return { type, keepTurns: all ? "all" : (keep?.value ?? 1) }
  })

/** Done before the request is served; what has been compacted is in its messages. */
export const compactEditSchema = z.looseObject({
  type: z.literal("compact_20260112"),
  trigger: z.looseObject({ type: z.literal("input_tokens"), value: z.int().min(1) }).nullish(),
  pause_after_compaction: z.boolean().nullish(),
  instructions: z.string().nullish(),
})

/** Edits that are done here; any other is Anthropic's alone. */
export const contextEditSchema = z.discriminatedUnion("type", [clearToolUses, clearThinking])

const managementSchema = z.looseObject({ edits: z.array(z.looseObject({ type: z.string() })).nullish() })

export const contextManagementSchema = managementSchema.nullish().transform((management, context): ContextEdit[] =>
  (management?.edits ?? []).flatMap((edit, index) => {
    const isCompaction = edit.type === compactEditSchema.shape.type.value
    const known = isCompaction ? compactEditSchema.safeParse(edit) : contextEditSchema.safeParse(edit)
    if (known.success) return "keepTurns" in known.data || "keepToolUses" in known.data ? [known.data as ContextEdit] : []
    const isOurs = isCompaction || contextEditSchema.options.some((option) => option.in.shape.type.value === edit.type)
    if (!isOurs) throw onlyAnthropic(edit.type, index)
    for (const issue of known.error.issues)
      context.issues.push({ ...issue, path: ["edits", index, ...issue.path], input: edit } as z.core.$ZodRawIssue)
    return []
  }),
)

function onlyAnthropic(type: string, index: number): AppError {
  return new AppError("unsupported_value", `the edit "${type.slice(0, 100)}" can only be asked of Anthropic's own models here`, {
    param: `context_management.edits[${index}].type`,
    hint: "Leave it out, or use clear_tool_uses_20250919, clear_thinking_20251015 or compact_20260112.",
  })
}

/** The member of an answer; nothing where nothing was asked for. */
export function managementOf(applied: readonly AppliedEdit[] | undefined): JsonObject {
  return applied === undefined ? {} : { context_management: { applied_edits: applied as unknown as JsonValue } } // plain JSON
}
