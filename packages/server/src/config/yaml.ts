// Reads `perdure.yaml`: values with their positions, `${NAME}` filled in from the environment.
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml"
import type { Path } from "./paths.ts"
import { formatPath, schemaAt } from "./paths.ts"
import type { ConfigProblem, ConfigSource } from "./source.ts"

export type Variables = Readonly<Record<string, string | undefined>>

const nodesMax = 100_000

/** Parses the text of a YAML file. Everything that is wrong is in `problems`; nothing is thrown. */
export function readYaml(file: string, directory: string, text: string, variables: Variables): ConfigSource {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const problems = syntaxProblems(document, text, at)
  const reader = new YamlReader(document, at, variables, problems)
  const value = problems.length === 0 ? reader.root(file) : {}
  return {
    file,
    directory,
    value,
    problems,
    locate: (path, part) => reader.locate(path, part) ?? `${file}:1:1`,
    origin: (path) => (reader.locate(path, "key") ?? `${file}:1`).split(":").slice(0, -1).join(":"),
    writtenAt: (path) => reader.written.get(keyOf(path)),
    failedAt: (path) => reader.failed.has(keyOf(path)),
  }
}

/** The first syntax error (those after it are its consequences) and every duplicate key. */
function syntaxProblems(document: Document, text: string, at: (offset: number) => string): ConfigProblem[] {
  const first = document.errors.findIndex((error) => error.code !== "DUPLICATE_KEY")
  const errors = document.errors.filter((error, index) => error.code === "DUPLICATE_KEY" || index === first)
  return errors.map((error) => {
    const line = text.slice(text.lastIndexOf("\n", error.pos[0] - 1) + 1, error.pos[1])
    const hint =
      error.code === "DUPLICATE_KEY"
        ? "remove one of them"
        : line.includes("${")
          ? 'quote it: "${NAME}"'
          : "check indentation, quotes and brackets there"
    return { location: at(error.pos[0]), path: "", what: `not valid YAML: ${error.message}`, allowed: "", hint }
  })
}

class YamlReader {
  readonly written = new Map<string, string>()
  readonly failed = new Set<string>()
  readonly #positions = new Map<string, { key: string; value: string }>()
  readonly #document: Document
  readonly #at: (offset: number) => string
  readonly #variables: Variables
  readonly #problems: ConfigProblem[]
  #nodes = 0

  constructor(document: Document, at: (offset: number) => string, variables: Variables, problems: ConfigProblem[]) {
    this.#document = document
    this.#at = at
    this.#variables = variables
    this.#problems = problems
  }

  root(file: string): Record<string, unknown> {
    const { contents } = this.#document
    if (contents === null || (isScalar(contents) && contents.value === null)) return {}
    if (isMap(contents)) return this.#read(contents, [], `${file}:1:1`) as Record<string, unknown> // a map reads as an object
    this.#problems.push({
      location: `${file}:1:1`,
      path: "",
      what: "the file is not a map of keys",
      allowed: "server, models, …",
      hint: "",
    })
    return {}
  }

  /** The position at a path, or of the nearest parent that has one. */
  locate(path: Path, part: "key" | "value"): string | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = this.#positions.get(keyOf(path.slice(0, length)))
      if (found !== undefined) return length === path.length ? found[part] : found.key
    }
    return undefined
  }

  #read(node: Node | null, path: Path, key: string): unknown {
    this.#nodes += 1
    if (this.#nodes > nodesMax) {
      if (this.#nodes === nodesMax + 1) this.#fail(path, key, `more than ${nodesMax} values, aliases counted`, "", "use fewer aliases")
      return undefined
    }
    const position = this.#positionOf(node, key)
    this.#positions.set(keyOf(path), { key, value: position })
    if (isAlias(node)) return this.#alias(node.resolve(this.#document), path, key, node.source)
    if (isMap(node)) return this.#map(node.items, path)
    if (isSeq(node)) return node.items.map((item, index) => this.#item(item as Node | null, [...path, index], position)) // items of a parsed document are nodes
    if (!isScalar(node)) return null
    return typeof node.value === "string" ? this.#fill(node.value, path, position) : node.value
  }

  /** An item of a list has no key: it is found where it begins. */
  #item(node: Node | null, path: Path, list: string): unknown {
    return this.#read(node, path, this.#positionOf(node, list))
  }

  #positionOf(node: Node | null, otherwise: string): string {
    return node?.range ? this.#at(node.range[0]) : otherwise
  }

  #alias(target: Node | undefined, path: Path, key: string, name: string): unknown {
    if (target !== undefined) return this.#read(target, path, key)
    this.#fail(path, key, `the alias *${name} has no anchor before it`, `an anchor &${name} further up`, "")
    return undefined
  }

  #map(items: readonly unknown[], path: Path): Record<string, unknown> {
    const result: Record<string, unknown> = {}
    for (const pair of items) {
      if (!isPair(pair)) continue
      const keyNode = pair.key as Node | null // keys of a parsed document are nodes
      const name = isScalar(keyNode) ? String(keyNode.value) : String(keyNode)
      const position = keyNode?.range ? this.#at(keyNode.range[0]) : ""
      if (name === "__proto__") {
        this.#fail([...path, name], position, '"__proto__" cannot be a name', "any other name", "")
        continue
      }
      const value = this.#read(pair.value as Node | null, [...path, name], position) // so are values
      result[name] = value
    }
    return result
  }

  /** Fills in `${NAME}` and `${NAME:-default}`; `$${` stands for `${`. */
  #fill(text: string, path: Path, position: string): unknown {
    if (!text.includes("${")) return text
    this.written.set(keyOf(path), text)
    const filled = text.replaceAll(/\$\$\{|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\})?/g, (whole, name?: string, fallback?: string) => {
      if (whole === "$${") return "${"
      if (name === undefined) {
        this.#fail(path, position, "a ${ that is not ${NAME} or ${NAME:-default}", "${NAME}, ${NAME:-default}, $${ for a plain ${", "")
        return ""
      }
      const value = this.#variables[name]
      if (fallback !== undefined) return value === undefined || value === "" ? fallback : value
      if (value === undefined) {
        this.#fail(path, position, `the environment variable ${name} is not set`, "", `set ${name}, or write \${${name}:-default}`)
      }
      return value ?? ""
    })
    return coerce(filled, path)
  }

  #fail(path: Path, location: string, what: string, allowed: string, hint: string): void {
    this.failed.add(keyOf(path))
    this.#problems.push({ location, path: formatPath(path), what, allowed, hint })
  }
}

/** Text from the environment as the type that the schema wants there; left as text where it does not fit, for the schema to report. */
export function coerce(text: string, path: Path): unknown {
  const type = schemaAt(path)?.type
  if ((type === "integer" || type === "number") && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text)
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true"
  return text
}

function keyOf(path: Path): string {
  return path.join("\0")
}
