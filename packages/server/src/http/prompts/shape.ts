// What a request becomes before it is read: its prompt filled in. What was chosen is told in headers and kept with the run.
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import type { PromptReference, Prompts, RenderedPrompt } from "../../inference/index.ts"

export interface RequestShaping {
  prompts: Pick<Prompts, "render">
}

export interface Shaped {
  body: JsonObject
  headers: Readonly<Record<string, string>>
  /** Kept with the run. */
  facts: JsonObject
  /** The values that were filled in. */
  variables: JsonObject
}

/** Fills the prompt in by the dialect's way of doing so. */
export function withPrompt(
  { prompts }: RequestShaping,
  projectId: string,
  body: JsonObject,
  { reference, fill }: { reference: PromptReference; fill: (body: JsonObject, prompt: RenderedPrompt) => JsonObject },
): Shaped {
  const prompt = prompts.render(projectId, reference)
  const { name, version } = prompt
  const filled = fill(withoutReference(body, reference), prompt)
  const facts = { prompt: { id: name, version: String(version) } }
  return { body: filled, headers: { "x-perdure-prompt": `${name}@${version}` }, facts, variables: prompt.variables }
}

function withoutReference(body: JsonObject, { where }: PromptReference): JsonObject {
  const { perdure, ...rest } = body
  if (where === "prompt") return Object.fromEntries(Object.entries(body).filter(([key]) => key !== "prompt"))
  if (!isJsonObject(perdure)) return rest
  const { prompt: _, ...others } = perdure
  return Object.keys(others).length === 0 ? rest : { ...rest, perdure: others }
}
