// Tests that what the documents for users tell to copy exists: links, configurations, commands, routes.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import { apiRoutes } from "@perdure/contract"
import type { Command } from "commander"
import { afterAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadConfig } from "../config/index.ts"
import { createProgram, createTerminal } from "./index.ts"

const root = join(import.meta.dirname, "..", "..", "..", "..")
const folders = ["", "docs", "docs/how-to", "docs/reference", "design", "bench"]
const pages = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
)
const userPages = pages.filter((page) => page === "README.md" || page.startsWith("docs/"))
const temporary = mkdtempSync(join(tmpdir(), "perdure-docs-"))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const textOf = (page: string): string => readFileSync(join(root, page), "utf8")

/** The fenced blocks of a page in one of these languages, with the line on which each begins. */
function blocksOf(page: string, ...languages: string[]): { line: number; text: string }[] {
  return [...textOf(page).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, language = ""]) => languages.includes(language))
    .map(({ 2: text = "", index, input }) => ({ line: input.slice(0, index).split("\n").length, text }))
}

/** As GitHub makes the name of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-")
}

describe("links", () => {
  it.each(pages)("%s links to pages and headings that are there", (page) => {
    const text = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, "")
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^(?:https?:|mailto:)/.test(target) && !isThere(page, target))
    expect(broken).toEqual([])
  })
})

function isThere(page: string, target: string): boolean {
  const [path = "", anchor] = target.split("#")
  const file = path === "" ? page : relative(root, resolve(root, dirname(page), path))
  if (!existsSync(join(root, file))) return false
  if (anchor === undefined || !file.endsWith(".md")) return true
  return [...textOf(file).matchAll(/^#+ (.+)$/gm)].some(([, heading = ""]) => anchorOf(heading.replaceAll("`", "")) === anchor)
}

/** What the examples name and do not declare themselves. */
const around = {
  providers: Object.fromEntries(["openai", "vllm", "groq", "mine"].map((name) => [name, { baseUrl: "http://127.0.0.1:9/v1" }])),
  models: Object.fromEntries(
    ["fast", "careful", "long", "gpt-4o", "omni-moderation-latest"].map((name) => [
      name,
      { deployments: [{ provider: "mine", model: name }] },
    ]),
  ),
  prompts: { support: [1, 2].map((version) => ({ version, messages: [{ role: "system", content: "Help." }] })) },
}
const secret = Buffer.alloc(32, 7).toString("base64")
const sections = ["server", "data", "database", "providers", "models", "budgets", "rateLimits", "guards", "cache", "batches", "limits"]
const moreSections = ["grants", "prompts", "experiments", "memory", "encryption", "logging", "defaults", "discovery", "dashboard"]

describe("configurations", () => {
  const blocks = userPages.flatMap((page) => blocksOf(page, "yaml").map((block) => ({ page, ...block })))
  const whole = blocks.filter(({ text }) => [...sections, ...moreSections].some((name) => new RegExp(`^${name}:`, "m").test(text)))

  it("are found", () => expect(whole.length).toBeGreaterThan(15))

  it.each(whole)("$page:$line is accepted", async ({ text }) => {
    const given = withSecrets(parse(text)) as Record<string, object>
    const config = { ...around, ...given, providers: { ...around.providers, ...given["providers"] } }
    const path = join(temporary, "perdure.yaml")
    writeFileSync(path, JSON.stringify({ ...config, models: { ...around.models, ...given["models"] } }))
    const env = Object.fromEntries(["GEMINI_API_KEY", "CO_API_KEY"].map((name) => [name, secret]))
    const loaded = await loadConfig({ cwd: temporary, env: { ...env, ...namesIn(text) }, configPath: path, flags: [] })
    expect(loaded.path).toBe(path)
  })
})

/** Files of secrets are not here: their contents come from the environment. */
function withSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSecrets)
  if (typeof value !== "object" || value === null) return value
  if ("file" in value && Object.keys(value).length === 1) return { env: "FROM_A_FILE" }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withSecrets(inner)]))
}

function namesIn(text: string): Record<string, string> {
  const names = [...text.matchAll(/env: (\w+)/g)].map(([, name = ""]) => name)
  return Object.fromEntries(
    [...names, "FROM_A_FILE"].map((name) => [
      name,
      /WEBHOOK_URL/.test(name) ? "https://hooks.example.com/x" : /ALERTS_SECRET/.test(name) ? signingSecret : secret,
    ]),
  )
}

const signingSecret = `whsec_${Buffer.alloc(32).toString("base64")}`

describe("commands", () => {
  const terminal = createTerminal({ stdout: { write: () => true }, stderr: { write: () => true }, noColour: true })
  const program = createProgram({ terminal, entry: "", finish: async () => {} })
  const lines = userPages.flatMap((page) =>
    [...blocksOf(page, "sh", "bash"), ...inlineCommands(page)].flatMap(({ line, text }) =>
      text
        .replaceAll(/\\\n\s*/g, " ")
        .split("\n")
        .map((each) => /^(?:\w+=\S+ )*(?:npx (?:-y )?)?perdure ([a-z].*)$/.exec(each.replace(/ {2,}#.*$/, "").trim())?.[1] ?? "")
        .filter((words) => words !== "")
        .map((words) => ({ page, line, words })),
    ),
  )

  it("are found", () => expect(lines.length).toBeGreaterThan(20))

  it.each(lines)("$page:$line has a command that is there: perdure $words", ({ words }) => {
    const parts = words.split(/\s+/)
    let command: Command = program
    for (let next = find(command, parts[0]); next; next = find(command, parts[0])) [command] = [next, parts.shift()]
    const options = parts.filter((part) => part.startsWith("--")).map((part) => part.replace(/=.*$/, ""))
    expect(command.name()).not.toBe("perdure")
    expect(options.filter((option) => !command.options.some(({ long }) => long === option))).toEqual([])
  })
})

function find(command: Command, name: string | undefined): Command | undefined {
  return command.commands.find((each) => each.name() === name)
}

/** `perdure …` in the text, where it names a whole command. */
function inlineCommands(page: string): { line: number; text: string }[] {
  const text = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""))
  return [...text.matchAll(/`(perdure [a-z]+(?: [^`<…*]+)?)`/g)].map(({ 1: words = "", index, input }) => ({
    line: input.slice(0, index).split("\n").length,
    text: words.replaceAll("\n", " "),
  }))
}

describe("routes", () => {
  const calls = userPages.flatMap((page) =>
    blocksOf(page, "sh", "bash").flatMap(({ line, text }) =>
      text
        .replaceAll(/\\\n\s*/g, " ")
        .split("\n")
        .filter((each) => /\bcurl\b/.test(each))
        .map((each) => ({ page, line, call: each })),
    ),
  )

  it("are found", () => expect(calls.length).toBeGreaterThan(10))

  it.each(calls)("$page:$line calls a route that is there: $call", ({ call }) => {
    const path = /(\/(?:v1|health|metrics|mcp|key|user|team|model|spend|global)\b[^\s"'?]*)/.exec(call)?.[1] ?? ""
    const method = /-X (\w+)/.exec(call)?.[1] ?? (/ -d /.test(call) || / -F /.test(call) ? "POST" : "GET")
    const known = apiRoutes.filter((route) => new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path))
    expect(known.map((route) => route.method)).toContain(method)
  })
})
