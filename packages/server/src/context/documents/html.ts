// HTML to text and blocks: scripts, styles and hidden parts are dropped, headings become sections, each block keeps its place in the source.
import { CommentNode, HTMLElement, TextNode, parse, type Node } from "node-html-parser"
import { DocumentError, type Block, type ParsedDocument } from "./types.ts"

const depthMax = 512
const dropped = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "svg",
  "iframe",
  "object",
  "canvas",
  "head",
  "select",
  "audio",
  "video",
])
const blockTags = new Set(
  (
    "address article aside blockquote body br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main " +
    "nav ol p pre section summary table tbody tfoot thead tr ul"
  ).split(" "),
)

export function parseHtml(source: string): ParsedDocument {
  const visible = source.replace(/<!doctype[^>]*>/gi, (declaration) => " ".repeat(declaration.length)) // the parser takes it for text
  const root = parse(visible, { comment: false, blockTextElements: { script: true, style: true, noscript: true, pre: false } })
  const builder = new HtmlBuilder()
  // An explicit stack: the depth of a hostile page must not become the depth of ours.
  const stack: (() => void)[] = []
  const visit = (node: Node, depth: number, preformatted: boolean): void => {
    if (depth > depthMax) throw new DocumentError("invalid_file", `The HTML is nested deeper than ${depthMax} elements.`)
    if (node instanceof CommentNode) return
    if (node instanceof TextNode) return builder.text(node.text, node.range, preformatted)
    if (!(node instanceof HTMLElement)) return
    const tag = (node.rawTagName ?? "").toLowerCase()
    if (dropped.has(tag) || isHidden(node)) return builder.leaveOut()
    const isBlock = blockTags.has(tag)
    if (isBlock) builder.boundary(tag)
    if (tag === "td" || tag === "th") builder.cell()
    stack.push(() => (isBlock ? builder.end(tag) : undefined))
    const preformattedInside = preformatted || tag === "pre"
    for (const child of [...node.childNodes].reverse()) stack.push(() => visit(child, depth + 1, preformattedInside))
  }
  stack.push(() => visit(root, 0, false))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) next()
  return builder.finished()
}

/** What no reader of the page sees is where instructions for machines are hidden. */
function isHidden(element: HTMLElement): boolean {
  if (element.rawAttrs === "") return false
  if (element.getAttribute("hidden") !== undefined) return true
  return /(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(element.getAttribute("style") ?? "")
}

/** Gathers inline text until a block ends, and blocks under the headings that are open. */
class HtmlBuilder {
  #text = ""
  readonly #blocks: Block[] = []
  readonly #open: { depth: number; title: string; span: Block["span"]; used: boolean }[] = []
  #inline = ""
  #kind: Block["kind"] = "prose"
  #prefix = ""
  #span: { start: number; end: number } | undefined
  #breakBefore = false

  text(text: string, [start, end]: readonly [number, number], preformatted: boolean): void {
    const whole = text.replaceAll("\0", "").toWellFormed() // both can come out of character references
    const clean = preformatted ? whole : whole.replace(/\s+/g, " ")
    if (clean.trim() !== "") this.#span = { start: this.#span?.start ?? start, end }
    this.#inline += !preformatted && /\s$/.test(this.#inline) ? clean.trimStart() : clean
  }

  leaveOut(): void {
    this.#breakBefore ||= this.#blocks.length > 0
  }

  cell(): void {
    if (this.#inline.trim() !== "") this.#inline = `${this.#inline.trimEnd()} | `
  }

  boundary(tag: string): void {
    if (tag === "br") this.#inline += "\n"
    else this.#flush()
    if (tag === "li") this.#prefix = "- "
    if (tag === "pre") this.#kind = "lines"
  }

  end(tag: string): void {
    if (tag === "br") return
    if (/^h[1-6]$/.test(tag)) this.#heading(Number(tag[1]))
    else this.#flush()
  }

  finished(): ParsedDocument {
    this.#flush()
    this.#closeTo(0)
    return { mediaType: "text/html", text: this.#text, blocks: this.#blocks }
  }

  #heading(depth: number): void {
    const title = this.#inline.replace(/\s+/g, " ").trim()
    const span = this.#span
    this.#clear()
    if (title === "" || span === undefined) return
    this.#closeTo(depth)
    this.#open.push({ depth, title, span, used: false })
  }

  /** Closes sections of that depth and deeper; one that stayed empty becomes a block, or its title would be lost. */
  #closeTo(depth: number): void {
    for (let last = this.#open.at(-1); last !== undefined && last.depth >= depth; last = this.#open.at(-1)) {
      this.#open.pop()
      if (!last.used) this.#push(last.title, last.span)
    }
  }

  #flush(): void {
    const body = this.#kind === "lines" ? this.#inline.replace(/^\n+|\s+$/g, "") : this.#inline.trim()
    if (body !== "" && this.#span !== undefined) this.#push(body, this.#span)
    this.#clear()
  }

  #push(body: string, span: Block["span"]): void {
    if (this.#text !== "") this.#text += this.#prefix === "" ? "\n\n" : "\n"
    const start = this.#text.length
    this.#text += this.#prefix + body
    for (const section of this.#open) section.used = true
    const heading = this.#open.map((section) => section.title)
    this.#blocks.push({ start, end: this.#text.length, span, heading, kind: this.#kind, breakBefore: this.#breakBefore })
    this.#breakBefore = false
    this.#prefix = ""
  }

  #clear(): void {
    this.#inline = ""
    this.#kind = "prose"
    this.#span = undefined
  }
}
