// Reads the part of CEL that routing rules are written in: comparisons joined by and, or and not, as alternatives of what must hold together.

/** `subject`: a variable, or `headers.x-tier`. */
export interface Comparison {
  subject: string
  test: "==" | "!=" | "in" | "startsWith" | "endsWith" | "contains" | "matches"
  values: readonly string[]
  isNegated: boolean
}

/** Says which part of an expression has no counterpart. */
export class Untranslatable extends Error {}

type Node = Comparison | { all: readonly Node[] } | { any: readonly Node[] }

/** More are nobody's to read. */
const alternativesMax = 32
const textCharactersMax = 250

/** One of the lists must hold, with all that is in it; an empty list always does. */
export function alternativesOf(expression: string): Comparison[][] {
  if (expression.trim() === "") return [[]]
  const parser = new Parser(tokensOf(expression))
  return alternatives(parser.whole(), false)
}

function alternatives(node: Node, isNegated: boolean): Comparison[][] {
  if ("subject" in node) return [[isNegated ? { ...node, isNegated: !node.isNegated } : node]]
  const isAll = "all" in node
  const parts = (isAll ? node.all : node.any).map((each) => alternatives(each, isNegated))
  const found =
    isAll === isNegated ? parts.flat() : parts.reduce((left, right) => left.flatMap((a) => right.map((b) => [...a, ...b])), [[]])
  if (found.length > alternativesMax) throw new Untranslatable(`it has more than ${alternativesMax} alternatives`)
  return found
}

const token = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_]\w*|\d+(?:\.\d+)?)|(&&|\|\||[=!<>]=|[!<>()[\].,]))/y

function tokensOf(expression: string): string[] {
  const tokens: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < expression.trimEnd().length) {
    const at = token.lastIndex
    const [, quoted, word, sign] = token.exec(expression) ?? []
    const found = quoted ?? word ?? sign
    if (found === undefined) throw new Untranslatable(`it cannot be read at ${JSON.stringify(expression.slice(at, at + 20))}`)
    tokens.push(found)
  }
  return tokens
}

const functions = ["startsWith", "endsWith", "contains", "matches"] as const

class Parser {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  whole(): Node {
    const node = this.#any()
    if (this.#at < this.#tokens.length) throw new Untranslatable(`${this.#next()} stands where nothing can be translated`)
    return node
  }

  #any(): Node {
    const parts = [this.#all()]
    while (this.#take("||")) parts.push(this.#all())
    return { any: parts }
  }

  #all(): Node {
    const parts = [this.#one()]
    while (this.#take("&&")) parts.push(this.#one())
    return { all: parts }
  }

  #one(): Node {
    if (this.#take("!")) return { any: alternatives(this.#one(), true).map((all) => ({ all })) }
    if (this.#take("(")) {
      const inner = this.#any()
      this.#expect(")")
      return inner
    }
    if (this.#take("true")) return { all: [] }
    if (this.#take("false")) return { any: [] }
    return this.#comparison()
  }

  #comparison(): Comparison {
    const subject = this.#subject()
    if (this.#take("in")) return { subject, test: "in", values: this.#list(), isNegated: false }
    if (this.#take(".")) {
      const name = this.#next()
      const test = functions.find((each) => each === name)
      if (!test) throw new Untranslatable(`${name} has no counterpart`)
      this.#expect("(")
      const value = this.#text()
      this.#expect(")")
      return { subject, test, values: [value], isNegated: false }
    }
    const sign = this.#next()
    if (sign !== "==" && sign !== "!=") throw new Untranslatable(`${subject} ${sign} has no counterpart`)
    return { subject, test: sign, values: [this.#text()], isNegated: false }
  }

  #subject(): string {
    const name = this.#next()
    if (!/^[A-Za-z_]/.test(name)) throw new Untranslatable(`${name} stands where a variable should`)
    if (!this.#take("[")) return name
    const key = this.#text()
    this.#expect("]")
    return `${name}.${key}`
  }

  #list(): string[] {
    this.#expect("[")
    const values: string[] = []
    while (!this.#take("]")) {
      values.push(this.#text())
      this.#take(",")
    }
    if (values.length === 0) throw new Untranslatable("an empty list has nothing that could fit")
    return values
  }

  #text(): string {
    const found = this.#next()
    if (!/^["']/.test(found)) throw new Untranslatable(`${found} is no text`)
    const text = found.slice(1, -1).replaceAll(/\\(.)/g, "$1")
    if (text.length > textCharactersMax || text.includes("${")) throw new Untranslatable(`${found.slice(0, 40)} cannot be written here`)
    return text
  }

  #take(wanted: string): boolean {
    const isThere = this.#tokens[this.#at] === wanted
    if (isThere) this.#at += 1
    return isThere
  }

  #expect(wanted: string): void {
    if (!this.#take(wanted)) throw new Untranslatable(`${wanted} is missing`)
  }

  #next(): string {
    const found = this.#tokens[this.#at]
    if (found === undefined) throw new Untranslatable("it breaks off")
    this.#at += 1
    return found
  }
}
