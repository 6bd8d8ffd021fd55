// The reference pages of HTTP: the routes and the error codes, made from the contract.
import { apiRoutes, errorCodes, type ApiRoute, type ErrorCode } from "../../packages/contract/src/index.ts"
import { errorMeanings } from "./error-meanings.ts"
import { code, generatedNote, table } from "./markdown.ts"

export function routesPage(): string {
  const tags = [...new Set(apiRoutes.map(({ tag }) => tag))]
  const sections = tags.map((tag) => {
    const rows = apiRoutes
      .filter((route) => route.tag === tag)
      .map(({ method, path, summary, streams, responseType }) => [
        code(`${method} ${path}`),
        `${summary}${streams === true || responseType === "text/event-stream" ? " (stream)" : ""}`,
      ])
    const dialect = apiRoutes.find((route) => route.tag === tag)?.dialect
    return `## ${tag}\n\n${dialect === undefined ? "" : words[dialect]}\n\n${table(["route", "what it does"], rows)}\n`
  })
  return `# HTTP routes

${generatedNote}

The whole of it, with schemas, is OpenAPI 3.1 at \`/openapi.json\` of a running server. Every route under \`/v1\`, and of LiteLLM's admin API, wants
\`Authorization: Bearer <key>\` (or \`x-api-key\`); failures have OpenAI's shape and the codes of [errors](errors.md).
Below \`/openai/\` the same routes are found as Azure's clients name them ([how](../how-to/point-your-client.md)).
Bodies may come compressed (\`content-encoding\`: \`gzip\`, \`deflate\`, \`br\`, \`zstd\`), but for uploads; their limit holds for what they unpack to.

${sections.join("\n")}`
}

const words: Readonly<Record<ApiRoute["dialect"], string>> = {
  openai: "OpenAI's words: snake_case, unknown fields pass.",
  perdure: "Perdure's own words: camelCase, unknown fields are refused.",
  litellm:
    "LiteLLM's words: snake_case, unknown fields and those without a counterpart are refused. Errors have its types, and the status as their code.",
}

export function errorsPage(): string {
  const rows = Object.entries(errorCodes).map(([name, [status, type]]) => [
    code(name),
    String(status),
    code(type),
    errorMeanings[name as ErrorCode], // the keys of errorCodes
  ])
  return `# Error codes

${generatedNote}

\`{"error":{"message","type","param","code"}}\`. Codes are stable, messages are not: they name the thing, the value, what is allowed
and the next step. On \`/v1/messages\` errors have Anthropic's
shape, \`{"type":"error","error":{"type","message"},"request_id"}\`, with 402 for \`insufficient_quota\` and 529 for \`overloaded\`.

${table(["code", "status", "type", "meaning"], rows)}
`
}
