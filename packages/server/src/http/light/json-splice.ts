// Puts other values into a JSON text at given paths; every other character stays as it is.

/** `["messages", 0, "content", 1]` */
export type JsonPath = readonly (string | number)[]

export interface JsonEdit {
  path: JsonPath
  /** JSON. */
  text: string
}

/** `text` is valid JSON, in which no path of the edits lies within another. A key that stands there twice is the last one, as `JSON.parse` has it. */
export function spliced(text: string, edits: readonly JsonEdit[]): string {
  const pieces: string[] = []
  let from = 0
  for (const { start, end, edit } of new Walk(text).found(treeOf(edits))) {
    pieces.push(text.slice(from, start), edit)
    from = end
  }
  return [...pieces, text.slice(from)].join("")
}

interface Node {
  edit?: string
  inner: Map<string, Node>
}

function treeOf(edits: readonly JsonEdit[]): Node {
  const root: Node = { inner: new Map() }
  for (const { path, text } of edits) {
    let node = root
    for (const part of path) {
      const next = node.inner.get(String(part)) ?? { inner: new Map<string, Node>() }
      node.inner.set(String(part), next)
      node = next
    }
    node.edit = text
  }
  return root
}

interface Found {
  start: number
  end: number
  edit: string
}

const space = /[\s\uFEFF]*/y
const literal = /[^\s,\]}]*/y
const structure = /["{}[\]]/g

class Walk {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** In the order of the text. Stands behind the value afterwards. */
  found(node: Node): Found[] {
    this.#skip(space)
    const start = this.#at
    // Only as deep as the paths are: what a client nests deeper is stepped over.
    const isOnPath = node.edit === undefined && node.inner.size > 0
    if (isOnPath && this.#text[start] === "{") return this.#inObject(node)
    if (isOnPath && this.#text[start] === "[") return this.#inList(node)
    this.#skipValue()
    return node.edit === undefined ? [] : [{ start, end: this.#at, edit: node.edit }]
  }

  #inObject(node: Node): Found[] {
    const byKey = new Map<string, Found[]>()
    this.#at += 1
    while (!this.#closes("}")) {
      const start = this.#at
      this.#skipString()
      const key = JSON.parse(this.#text.slice(start, this.#at)) as string // a key is a string
      this.#skip(space)
      this.#at += 1 // the colon
      const found = this.found(node.inner.get(key) ?? leaf)
      if (node.inner.has(key)) byKey.set(key, found)
    }
    return [...byKey.values()].flat().toSorted((a, b) => a.start - b.start)
  }

  #inList(node: Node): Found[] {
    const found: Found[] = []
    this.#at += 1
    for (let index = 0; !this.#closes("]"); index += 1) found.push(...this.found(node.inner.get(String(index)) ?? leaf))
    return found
  }

  /** Steps over what ends an item, and over the end where it stands there. */
  #closes(end: string): boolean {
    this.#skip(space)
    if (this.#text[this.#at] === ",") {
      this.#at += 1
      this.#skip(space)
    }
    // A valid text has its ends; without this a wrong one would never be left.
    if (this.#text[this.#at] !== end && this.#at < this.#text.length) return false
    this.#at += 1
    return true
  }

  #skipValue(): void {
    const first = this.#text[this.#at]
    if (first === '"') this.#skipString()
    else if (first === "{" || first === "[") this.#skipBrackets()
    else this.#skip(literal)
  }

  #skipBrackets(): void {
    let depth = 0
    do {
      structure.lastIndex = this.#at
      const match = structure.exec(this.#text)
      if (!match) throw new Error("brackets of a valid JSON text do not match")
      this.#at = match.index
      if (match[0] === '"') this.#skipString()
      else {
        this.#at += 1
        depth += match[0] === "{" || match[0] === "[" ? 1 : -1
      }
    } while (depth > 0)
  }

  #skipString(): void {
    let end = this.#at
    do end = this.#text.indexOf('"', end + 1)
    while (this.#isEscaped(end))
    this.#at = end + 1
  }

  #isEscaped(at: number): boolean {
    let slash = at - 1
    while (this.#text[slash] === "\\") slash -= 1
    return (at - 1 - slash) % 2 === 1
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    pattern.test(this.#text)
    this.#at = pattern.lastIndex
  }
}

const leaf: Node = { inner: new Map() }
