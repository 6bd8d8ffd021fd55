// The tool that reads a cleared tool result again, as models see it, and the page that one call of it reads.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { recallToolName } from "./tool-choice.ts"

/** What one call reads. */
export const pageCharactersMax = 8_000

const description = `Reads a tool result again that was cleared from this conversation, by the handle in its place. Long ones come in pages of ${pageCharactersMax} characters: go on with the offset that the page names.`

const parameters: JsonObject = {
  type: "object",
  properties: { handle: { type: "string" }, offset: { type: "integer", minimum: 0 } },
  required: ["handle"],
  additionalProperties: false,
}

/** As models see it. */
export const recallDeclaration = { name: recallToolName, description, parameters, strict: null } as const

/** What stands in place of a result that can be read again. */
export function clearedPlaceholder({ callId, tokens }: { callId: string; tokens: number }): string {
  return `[Old tool result cleared: about ${tokens} tokens. ${recallToolName} with handle ${JSON.stringify(callId)} reads it again]`
}

export function pageOf(text: string, offset: number): string {
  const to = Math.min(text.length, offset + pageCharactersMax)
  if (offset > 0 && offset >= text.length) return `[the result has ${text.length} characters]`
  const more = to < text.length ? `\n[characters ${offset} to ${to} of ${text.length}; go on with offset ${to}]` : ""
  return text.slice(offset, to).toWellFormed() + more
}

export function unknownHandle(handle: JsonValue | undefined): string {
  return `there is no cleared result with the handle ${JSON.stringify(handle ?? null).slice(0, 200)}`
}

/** For calls whose arguments nobody has checked: what is wrong is said in the answer. */
export function answerRecall(held: readonly { readonly handle: string; readonly text: string }[], args: string): string {
  const asked = argumentsIn(args)
  const found = held.find(({ handle }) => handle === asked["handle"])
  if (!found) return `${recallToolName} failed: ${unknownHandle(asked["handle"])}`
  const { offset } = asked
  return pageOf(found.text, typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0 ? offset : 0)
}

function argumentsIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
