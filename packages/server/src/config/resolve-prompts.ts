// Prompts that the configuration declares: its section, and the files in `prompts/` beside it.
import { promptNameSchema } from "@perdure/contract"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import { messageOf } from "../core/index.ts"
import type { Path } from "./paths.ts"
import { promptFileName, promptFileNames } from "./prompt-files.ts"
import { declaredPromptSchema, type DeclaredPromptInput } from "./schema/prompts.ts"
import type { ConfigProblem } from "./source.ts"
import type { PromptConfig } from "./types.ts"

export interface PromptSources {
  section: Readonly<Record<string, readonly DeclaredPromptInput[]>>
  /** Of the configuration file. */
  directory: string
  originOf: (path: Path) => string
  /** Of files; the section's own were checked with the rest. */
  problem: (problem: ConfigProblem) => void
}

const roleLine = /^---[ \t]*(system|user|assistant)[ \t]*---[ \t]*$/m

export function resolvePrompts(sources: PromptSources): PromptConfig[] {
  const { section, originOf } = sources
  const declared = Object.entries(section).flatMap(([name, versions]) =>
    versions.map((version, index) => ({ name, ...version, origin: originOf(["prompts", name, index]) })),
  )
  const all: PromptConfig[] = []
  const places = new Map<string, string>()
  for (const each of [...declared, ...promptFiles(sources)]) {
    const id = `${each.name} ${each.version}`
    const other = places.get(id)
    if (other === undefined) all.push(each)
    else sources.problem(problemIn(each.origin, `version ${each.version} of ${each.name} is declared in ${other} too`, "a version once"))
    places.set(id, each.origin)
  }
  for (const [name, versions] of Map.groupBy(all, (each) => each.name)) {
    const labels = versions.flatMap((each) => each.labels)
    const twice = labels.find((label, index) => labels.indexOf(label) !== index)
    if (twice !== undefined)
      sources.problem(problemIn(versions[0]?.origin ?? name, `two versions of ${name} are labelled ${twice}`, "a label once"))
  }
  return all
}

function promptFiles({ directory, problem }: PromptSources): PromptConfig[] {
  const folder = join(directory, "prompts")
  return promptFileNames(folder).flatMap((file) => {
    const [, name = "", number, type] = promptFileName.exec(file) ?? []
    const origin = `prompts/${file}`
    try {
      const text = readFileSync(join(folder, file), "utf8")
      const content: unknown = type === "md" ? markdownPrompt(text) : parse(text)
      const written = typeof content === "object" && content !== null ? content : {}
      const version = declaredPromptSchema.parse(number === undefined ? written : { version: Number(number), ...written })
      if (number !== undefined && version.version !== Number(number))
        throw new Error(`the name says version ${number}, the text ${version.version}`)
      return [{ name: promptNameSchema.parse(name), ...version, origin }]
    } catch (error) {
      problem(problemIn(origin, complaintOf(error), "labels, parameters and messages"))
      return []
    }
  })
}

/** Front matter between two lines of `---`, then messages that each begin with a line such as `--- user ---`; a text without such a line is the system's. */
function markdownPrompt(text: string): object {
  const front = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)
  const parsed: unknown = front ? parse(front[1] ?? "") : {}
  const body = front ? text.slice(front[0].length) : text
  const [before = "", ...parts] = body.split(roleLine)
  const messages: { role: string | undefined; content: string }[] = []
  if (before.trim() !== "") messages.push({ role: "system", content: before.trim() })
  for (let index = 0; index < parts.length; index += 2) messages.push({ role: parts[index], content: (parts[index + 1] ?? "").trim() })
  return { ...(typeof parsed === "object" ? parsed : {}), messages }
}

function complaintOf(error: unknown): string {
  const issues: unknown = typeof error === "object" && error !== null && "issues" in error ? error.issues : undefined
  if (!Array.isArray(issues)) return messageOf(error).split("\n")[0] ?? "cannot be read"
  const [first] = issues as { path: PropertyKey[]; message: string }[]
  return first ? `${first.path.map(String).join(".")}: ${first.message}` : "not a prompt"
}

function problemIn(location: string, what: string, allowed: string): ConfigProblem {
  return { location, path: "prompts", what, allowed, hint: "" }
}
