// The reference page of the configuration, made from the schema.
import {
  configJsonSchema,
  configFileNames,
  defaultGrants,
  discoverableTypes,
  environmentOverrides,
  grantActions,
  providerType,
  serverVariables,
} from "../../packages/server/src/config/index.ts"
import { limitMeanings } from "./limit-meanings.ts"
import { code, generatedNote, table } from "./markdown.ts"

type Node = NonNullable<ReturnType<typeof configJsonSchema>["properties"]>[string]

export function configurationPage(): string {
  const { properties = {} } = configJsonSchema()
  const { limits, ...others } = properties
  const rows = Object.entries(others).flatMap(([name, node]) => rowsOf(name, node))
  const overrides = environmentOverrides.map(({ name, path }) => [code(name), code(path.join("."))])
  return `# Configuration

${generatedNote}

Perdure starts without any configuration. What it reads, if it is there, is one file in the working directory (or the one that
\`--config\` or \`PERDURE_CONFIG\` names): ${configFileNames.map(code).join(", ")}. Two at once are refused.

- \`perdure.yaml\` is data: \`\${NAME}\` and \`\${NAME:-default}\` in values are filled in from the environment (\`$\${\` stands for \`\${\`);
  a name that is not set is an error. In braces quote it: \`{ port: "\${PORT}" }\`.
- \`perdure.config.ts\` has the same shape, may carry \`workflows\`, and is imported unbuilt:
  \`export default defineConfig({ … })\` with \`import { defineConfig } from "perdure"\`.

Unknown keys are errors. All problems are reported at once, each as \`file:line:column  path  what is wrong  what is allowed  hint\`:

\`\`\`
perdure.yaml:2:3  server.prot  unknown key "prot"  allowed: host, port, publicUrl, allowedHosts, allowedOrigins  did you mean port?
\`\`\`

\`perdure config check\` reports them, \`perdure config print\` shows what is in force and where each value comes from, and
\`perdure config schema\` prints the JSON Schema for editors:

\`\`\`yaml
# yaml-language-server: $schema=./perdure.schema.json
server: { port: 8080 }
providers:
  openai: { baseUrl: https://api.openai.com/v1, apiKey: { env: OPENAI_API_KEY } }
models:
  fast: { deployments: [{ provider: openai, model: gpt-5-mini }] }
\`\`\`

**Secrets are references**: \`{ env: NAME }\` or \`{ file: path }\`. What looks like a key is refused when it is written into the file,
except under \`perdure dev\`. Printing the configuration never shows them.

**Relative paths** start from the file that says them; on the command line and in the environment from the working directory.

## Values

\`<name>\` is a name of your own, \`[]\` an item of a list, \`[kind]\` one of that \`type\`.

${table(["path", "allowed", "default", "meaning"], rows)}

## Grants

What acts is refused unless a grant names it. When \`grants\` is absent, these are in force; when it is given, it **replaces** them, so begin
with a copy of them:

\`\`\`yaml
grants:
${defaultGrants.map(grantLine).join("\n")}
\`\`\`

A grant is \`{ to, allow, integrityMin? }\`: \`to\` is the id of a principal (\`key_…\` of \`perdure keys list\`, \`user:admin\` for whoever is at the
dashboard) or \`*\`; \`allow\` lists \`action:target\`, where each part may be \`*\` or end in \`*\`; \`integrityMin\` (0 anyone … 3 the user) is the
least that everything which influenced the request must have. Actions: ${grantActions.map(code).join(", ")}.

## Limits

Every queue, wait and size has a name. \`limits.<name>\` changes one. Times are in milliseconds where a name ends in \`Ms\` or \`MsMax\`.

${table(["name", "allowed", "default", "meaning"], limitRows(limits))}

## Environment

These override the file; nothing else of the environment does. An empty variable counts as unset. Flags override both.

${table(["variable", "value"], [...overrides, [code("PERDURE_CONFIG"), "the configuration file"]])}

Discovery (\`discovery: true\`) also looks at ${discoveryVariables().map(code).join(", ")} and \`OLLAMA_HOST\`. A provider that is
declared at its usual address without an \`apiKey\` takes the variable of its type, too. The command line looks at \`NO_COLOR\` and \`CI\`, and \`perdure mcp\` at ${code(serverVariables.url)} and ${code(serverVariables.apiKey)}.
`
}

function grantLine({ to, allow }: (typeof defaultGrants)[number]): string {
  return `  - { to: ${JSON.stringify(to)}, allow: [${allow.map((each) => JSON.stringify(each)).join(", ")}] }`
}

function discoveryVariables(): string[] {
  return discoverableTypes.flatMap((name) => {
    const { keyVariables, addressVariable } = providerType(name)
    return [...keyVariables, ...(addressVariable === undefined ? [] : [addressVariable])]
  })
}

function rowsOf(path: string, node: Node): string[][] {
  const branches = [...(node.anyOf ?? [])].filter((each) => each.type === "object" || each.type === "string")
  if (branches.length > 1) return [row(path, node)]
  const own = Object.entries(node.properties ?? {}).flatMap(([name, inner]) => rowsOf(`${path}.${name}`, inner))
  const named = typeof node.additionalProperties === "object" ? rowsOf(`${path}.<name>`, node.additionalProperties) : []
  const kinds = (node.items?.oneOf ?? []).flatMap((kind) => rowsOf(`${path}[${kind.properties?.["type"]?.const ?? ""}]`, kind))
  const items = node.items === undefined || isPlain(node.items) ? kinds : rowsOf(`${path}[]`, node.items)
  const children = [...own, ...named, ...items]
  return children.length > 0 ? children : [row(path, node)]
}

function row(path: string, node: Node): string[] {
  return [code(path), allowedBy(node), node.default === undefined ? "" : code(JSON.stringify(node.default)), node.description ?? ""]
}

function limitRows(limits: Node | undefined): string[][] {
  const meanings = limitMeanings()
  return Object.entries(limits?.properties ?? {}).map(([name, node]) => [
    code(name),
    allowedBy(node),
    node.description?.replace("default ", "") ?? "",
    meanings[name] ?? "",
  ])
}

function isPlain(node: Node): boolean {
  return node.properties === undefined && node.anyOf === undefined
}

function allowedBy(node: Node): string {
  if (node.anyOf !== undefined)
    return node.anyOf.some((each) => each.properties?.["env"] !== undefined)
      ? code("{ env: NAME }, { file: path }")
      : node.anyOf.map(allowedBy).join(", ")
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(", ")
  if (node.const !== undefined) return code(String(node.const))
  if (node.minimum !== undefined && node.maximum !== undefined)
    return `${node.type === "integer" ? "whole number " : ""}${node.minimum} … ${node.maximum}`
  if (node.type === "boolean") return `${code("true")}, ${code("false")}`
  if (node.type === "array") return `list of ${node.items === undefined ? "values" : allowedBy(node.items)}`
  return node.type === "string" ? "text" : (node.type ?? "")
}
