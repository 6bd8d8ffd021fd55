// The prompts that a project can use: those of the configuration, and its own; found in memory, changed in the database.
import type { PromptContent, PromptCreateRequest } from "@perdure/contract"
import { promptContentSchema } from "@perdure/contract"
import { AppError, type Limits } from "../../core/index.ts"
import { prompts, type Store } from "../../store/index.ts"
import { declaredPrompts, heldVersion, variablesOfMessages, type ProjectPrompts } from "./held.ts"
import { rendered, renderedBytes, valuesFor } from "./template.ts"
import type { DeclaredPrompt, HeldPrompt, HeldVersion, PromptReference, RenderedPrompt } from "./types.ts"

export interface PromptsOptions {
  store: Pick<Store, "project">
  declared: readonly DeclaredPrompt[]
  own: { get(projectId: string): { prompts: ProjectPrompts } | undefined; refresh(projectId: string): Promise<void> }
  limits: Pick<Limits, "promptVersionsMax" | "promptBytesMax" | "renderedPromptBytesMax">
}

export interface Prompts {
  list(projectId: string): HeldPrompt[]
  get(projectId: string, name: string): HeldPrompt
  /** A number or a label; `production`, else the latest, when absent. */
  version(projectId: string, name: string, version: string | undefined, where: string): HeldVersion
  render(projectId: string, reference: PromptReference): RenderedPrompt
  create(projectId: string, principal: string, request: PromptCreateRequest): Promise<HeldVersion>
  setLabel(projectId: string, name: string, label: string, version: number | null): Promise<HeldPrompt>
  remove(projectId: string, name: string, version: number | undefined): Promise<void>
  /** Checks what the configuration declares; what it returns puts it into force. */
  prepare(declared: readonly DeclaredPrompt[]): () => void
}

export function createPrompts({ store, declared, own, limits }: PromptsOptions): Prompts {
  let ofFiles = declaredPrompts(declared)
  const ownOf = (projectId: string): ProjectPrompts => own.get(projectId)?.prompts ?? none
  const get = (projectId: string, name: string): HeldPrompt => {
    const held = ofFiles.get(name) ?? ownOf(projectId).get(name)
    if (!held) throw unknownPrompt(name, [...ofFiles.keys(), ...ownOf(projectId).keys()])
    return held
  }
  const version: Prompts["version"] = (projectId, name, wanted, where) => versionOf(get(projectId, name), wanted, where)
  const editable = (name: string): void => {
    const file = ofFiles.get(name)
    if (file) throw declaredElsewhere(file)
  }
  return {
    list: (projectId) => [...new Map([...ownOf(projectId), ...ofFiles]).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    get,
    version,
    render: (projectId, reference) =>
      renderedPrompt(version(projectId, reference.name, reference.version, `${reference.where}.version`), reference, limits),
    async create(projectId, principal, { name, labels = [], ...given }) {
      editable(name)
      const content = checkedContent(promptContentSchema.parse(given), limits)
      const made = await store.project(projectId).transaction(async (db) => {
        const number = await prompts.nextVersion(db, projectId, name)
        if ((await prompts.countVersions(db, projectId)) >= limits.promptVersionsMax) throw tooMany(limits.promptVersionsMax)
        const row = await prompts.insertVersion(db, projectId, { name, version: number, content, createdBy: principal })
        for (const label of labels) await prompts.setLabel(db, projectId, { name, label, version: number })
        return row
      })
      if (!made) throw new AppError("server_error", "the version was not stored")
      await own.refresh(projectId)
      return heldVersion(made)
    },
    async setLabel(projectId, name, label, to) {
      editable(name)
      if (to !== null) versionOf(get(projectId, name), String(to), "version")
      const db = store.project(projectId)
      if (to !== null) await prompts.setLabel(db, projectId, { name, label, version: to })
      else if (!(await prompts.removeLabel(db, projectId, name, label)))
        throw new AppError("not_found", `the prompt "${name}" has no label "${label}"`, { param: "label" })
      await own.refresh(projectId)
      return get(projectId, name)
    },
    async remove(projectId, name, number) {
      editable(name)
      const held = get(projectId, name)
      const labels = [...held.labels].filter(([, at]) => at === number).map(([label]) => label)
      if (labels.length > 0)
        throw new AppError("conflict", `version ${number} of "${name}" is labelled ${labels.join(", ")}`, {
          param: "version",
          hint: "Point the label to another version first.",
        })
      if ((await prompts.removeVersions(store.project(projectId), projectId, name, number ?? null)) === 0)
        throw unknownVersion(held, String(number), "version")
      await own.refresh(projectId)
    },
    prepare(next) {
      const prepared = declaredPrompts(next)
      return () => {
        ofFiles = prepared
      }
    },
  }
}

const none: ProjectPrompts = new Map()

function checkedContent(content: PromptContent, { promptBytesMax }: PromptsOptions["limits"]): PromptContent & { [key: string]: never } {
  variablesOfMessages(content.messages)
  const nul = content.messages.findIndex((message) => message.content.includes("\0"))
  if (nul >= 0)
    throw new AppError("invalid_request", "a message contains the NUL character", { param: `messages[${nul}].content`, hint: "Remove it." })
  const sizeBytes = Buffer.byteLength(JSON.stringify(content))
  if (sizeBytes > promptBytesMax)
    throw new AppError("request_too_large", `the prompt has ${sizeBytes} bytes; ${promptBytesMax} are allowed`, {
      hint: 'Shorten it, or raise the limit "promptBytesMax" in the configuration.',
    })
  return content as PromptContent & { [key: string]: never } // plain JSON by its schema
}

function versionOf(held: HeldPrompt, wanted: string | undefined, where: string): HeldVersion {
  const number =
    wanted === undefined
      ? (held.labels.get("production") ?? held.latest)
      : wanted === "latest"
        ? held.latest
        : (held.labels.get(wanted) ?? (/^\d{1,9}$/.test(wanted) ? Number(wanted) : undefined))
  const version = number === undefined ? undefined : held.versions.get(number)
  if (!version) throw unknownVersion(held, String(wanted), where)
  return version
}

function renderedPrompt(
  held: HeldVersion,
  { variables, where }: PromptReference,
  { renderedPromptBytesMax }: PromptsOptions["limits"],
): RenderedPrompt {
  const { name, version, parameters } = held
  const values = valuesFor(held.variables, variables, { prompt: `"${name}" (version ${version})`, where: `${where}.variables` })
  // Before it is made: a value may stand in many places.
  const sizeBytes = held.messages.reduce((sum, { content }) => sum + renderedBytes(content, values), 0)
  if (sizeBytes > renderedPromptBytesMax)
    throw new AppError(
      "request_too_large",
      `with its variables the prompt "${name}" has ${sizeBytes} bytes; ${renderedPromptBytesMax} are allowed`,
    )
  const messages = held.messages.map(({ role, content }) => ({ role, content: rendered(content, values) }))
  return { name, version, messages, parameters, variables: Object.fromEntries(values) }
}

function unknownPrompt(name: string, known: readonly string[]): AppError {
  const shown = known.slice(0, 20).join(", ")
  return new AppError("not_found", `there is no prompt "${name.slice(0, 128)}"`, {
    param: "prompt",
    hint: known.length === 0 ? "There are none yet: POST /v1/prompts makes one." : `There are: ${shown}${known.length > 20 ? ", …" : ""}.`,
  })
}

function unknownVersion({ name, versions, labels }: HeldPrompt, wanted: string, where: string): AppError {
  const numbers = [...versions.keys()].slice(-10).join(", ")
  const named = ["latest", ...labels.keys()].join(", ")
  return new AppError("not_found", `the prompt "${name}" has no version or label "${wanted.slice(0, 128)}"`, {
    param: where,
    hint: `It has the versions ${numbers} and the labels ${named}.`,
  })
}

function declaredElsewhere({ name, origin }: HeldPrompt): AppError {
  return new AppError("conflict", `the prompt "${name}" is declared in ${origin}`, {
    param: "name",
    hint: "Change it there, or take another name.",
  })
}

function tooMany(versionsMax: number): AppError {
  return new AppError("invalid_request", `the project has ${versionsMax} versions of prompts, which is the most`, {
    hint: 'Delete some, or raise the limit "promptVersionsMax" in the configuration.',
  })
}
