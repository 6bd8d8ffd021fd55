// From rows and declarations to prompts in memory.
import { promptContentSchema } from "@perdure/contract"
import { prompts, type Queryable, type StoredPromptLabel, type StoredPromptVersion } from "../../store/index.ts"
import { variablesOf } from "./template.ts"
import type { DeclaredPrompt, HeldPrompt, HeldVersion } from "./types.ts"

export type ProjectPrompts = ReadonlyMap<string, HeldPrompt>

/** Read outside a transaction: a label without its version is passed over until the next reading. */
export async function loadPrompts(db: Queryable, projectId: string): Promise<ProjectPrompts> {
  const labels = await prompts.labelsOfProject(db, projectId)
  const versions = (await prompts.versionsOfProject(db, projectId)).map(heldVersion)
  return promptsOf(versions, labels, "api")
}

export function declaredPrompts(declared: readonly DeclaredPrompt[]): ProjectPrompts {
  const versions = declared.map(({ name, version, messages, parameters, origin }): HeldVersion => {
    const variables = variablesOfMessages(messages, `prompts.${name} (${origin}): messages`)
    return { name, version, messages, parameters, variables, origin, createdBy: null, createdAt: null }
  })
  const labels = declared.flatMap(({ name, version, labels: own }) => own.map((label) => ({ name, label, version })))
  return promptsOf(versions, labels)
}

export function heldVersion({ name, version, content, createdBy, createdAt }: StoredPromptVersion): HeldVersion {
  const { messages, parameters } = promptContentSchema.parse(content) // checked when it was stored
  return { name, version, messages, parameters, variables: variablesOfMessages(messages), origin: "api", createdBy, createdAt }
}

export function variablesOfMessages(messages: HeldVersion["messages"], where = "messages"): string[] {
  return [...new Set(messages.flatMap(({ content }, index) => variablesOf(content, `${where}[${index}].content`)))]
}

function promptsOf(versions: readonly HeldVersion[], labels: readonly StoredPromptLabel[], origin?: string): ProjectPrompts {
  const held = new Map<string, HeldPrompt>()
  for (const [name, own] of Map.groupBy(versions, (each) => each.name)) {
    const byNumber = new Map(own.map((each) => [each.version, each]))
    const pointing = labels.filter((each) => each.name === name && byNumber.has(each.version))
    const latest = Math.max(...byNumber.keys())
    const place = origin ?? byNumber.get(latest)?.origin ?? "api"
    held.set(name, { name, origin: place, latest, versions: byNumber, labels: new Map(pointing.map((each) => [each.label, each.version])) })
  }
  return held
}
