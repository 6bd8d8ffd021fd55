// What a person reads when the server is ready: address, key, dashboard, something to copy, what was discovered.
import { relative } from "node:path"
import type { LoadedConfig } from "../config/index.ts"
import type { RunningPerdure } from "./composition.ts"
import type { Terminal } from "./terminal.ts"

export interface WelcomeOptions {
  /** With the lines to copy, as `perdure dev` shows them. */
  isFull: boolean
  style: Terminal["style"]
}

export function welcome(perdure: RunningPerdure, { config, path }: LoadedConfig, { isFull, style }: WelcomeOptions): string[] {
  const row = (name: string, value: string, note = ""): string =>
    `  ${name.padEnd(11)}${value}${note === "" ? "" : `  ${style("dim", note)}`}`
  const key = perdure.apiKeyCreated
  const lines = [style("bold", "Perdure is ready"), row("URL", perdure.url)]
  if (key !== undefined) lines.push(row("API key", key, "shown this once"))
  else lines.push(row("API key", "made before", "another: perdure keys create <name>"))
  if (config.dashboard.enabled) lines.push(row("Dashboard", perdure.loginUrl(), "works once"))
  lines.push(
    row(
      "Data",
      config.database.url === null ? shortPath(config.data) : "Postgres",
      path === null ? "" : `configured by ${shortPath(path)}`,
    ),
  )
  for (const [index, line] of perdure.report.entries()) lines.push(row(index === 0 ? "Models" : "", line))
  return isFull ? [...lines, ...toCopy(perdure.url, key ?? "$PERDURE_API_KEY", config.defaults.chatModel ?? "perdure/extractive")] : lines
}

function toCopy(url: string, key: string, model: string): string[] {
  return [
    "",
    `  curl ${url}/v1/chat/completions \\`,
    `    -H "authorization: Bearer ${key}" -H "content-type: application/json" \\`,
    `    -d '${JSON.stringify({ model, messages: [{ role: "user", content: "Who are you?" }] })}'`,
    "",
    "  Any OpenAI client:",
    `  export OPENAI_BASE_URL=${url}/v1`,
    `  export OPENAI_API_KEY=${key}`,
    "",
  ]
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === "" || short.startsWith("..") ? path : short
}
