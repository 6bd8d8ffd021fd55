// Markdown to blocks under their headings; the text is the file itself, so every offset points into the file.
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmFromMarkdown } from "mdast-util-gfm"
import { gfm } from "micromark-extension-gfm"
import { DocumentError, type Block, type ParsedDocument } from "./types.ts"

/** As much of an mdast node as is read here. */
interface Node {
  type: string
  depth?: number
  value?: string
  children?: Node[]
  position?: { start: { offset?: number }; end: { offset?: number } } | undefined
}

const depthMax = 100
const frontMatter = /^---\r?\n[\s\S]*?\r?\n---[ \t]*(?:\r?\n|$)/

export function parseMarkdown(text: string): ParsedDocument {
  // Front matter is about the document, not in it; blanks in its place keep all offsets.
  const masked = text.replace(frontMatter, (matter) => matter.replace(/[^\r\n]/g, " "))
  const builder = new Builder()
  builder.walk(fromMarkdown(masked, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }) as Node)
  return { mediaType: "text/markdown", text, blocks: builder.finished() }
}

/** Collects blocks in order, with the headings that are open at each. */
class Builder {
  readonly #blocks: Block[] = []
  readonly #open: { depth: number; title: string; node: Node; used: boolean }[] = []
  #breakBefore = false

  walk(root: Node): void {
    const stack: { node: Node; depth: number }[] = [{ node: root, depth: 0 }]
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      if (entry.depth > depthMax) throw new DocumentError("invalid_file", `The Markdown is nested deeper than ${depthMax} levels.`)
      if (this.#take(entry.node)) continue
      const children = entry.node.children ?? []
      for (let index = children.length - 1; index >= 0; index--) {
        const node = children[index]
        if (node !== undefined) stack.push({ node, depth: entry.depth + 1 })
      }
    }
  }

  finished(): Block[] {
    this.#closeTo(0)
    return this.#blocks.sort((a, b) => a.start - b.start)
  }

  /** True when the node is dealt with; false when its children are to be looked at. */
  #take(node: Node): boolean {
    switch (node.type) {
      case "root":
      case "list":
      case "blockquote":
      case "footnoteDefinition":
        return false
      case "listItem":
        // An item of one paragraph is a block with its bullet; a larger one is looked into.
        if ((node.children ?? []).some((child) => child.type !== "paragraph")) return false
        this.#push(node, "prose")
        return true
      case "heading":
        this.#heading(node)
        return true
      case "code":
      case "table":
        this.#push(node, "lines")
        return true
      case "html":
        this.#html(node)
        return true
      case "thematicBreak":
      case "definition":
        return true
      default:
        this.#push(node, "prose")
        return true
    }
  }

  #heading(node: Node): void {
    const depth = node.depth ?? 1
    this.#closeTo(depth)
    const title = plainText(node).trim()
    if (title !== "") this.#open.push({ depth, title, node, used: false })
  }

  /** Closes sections of that depth and deeper; one that stayed empty becomes a block, or its title would be lost. */
  #closeTo(depth: number): void {
    for (let last = this.#open.at(-1); last !== undefined && last.depth >= depth; last = this.#open.at(-1)) {
      this.#open.pop()
      const parent = this.#open.at(-1)
      if (parent !== undefined) parent.used = true
      if (!last.used) this.#push(last.node, "prose")
    }
  }

  #html(node: Node): void {
    const value = node.value ?? ""
    const visible = value.replace(/<!--[\s\S]*?(?:-->|$)/g, "").replace(/<(script|style|template|noscript)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, "")
    if (visible === value && value.replace(/<[^>]*>/g, "").trim() !== "") this.#push(node, "lines")
    else this.#breakBefore = true
  }

  #push(node: Node, kind: Block["kind"]): void {
    const start = node.position?.start.offset
    const end = node.position?.end.offset
    if (start === undefined || end === undefined || end <= start) return
    for (const section of this.#open) section.used = true
    const heading = this.#open.map((section) => section.title)
    this.#blocks.push({ start, end, span: { start, end }, heading, kind, breakBefore: this.#breakBefore })
    this.#breakBefore = false
  }
}

function plainText(node: Node): string {
  return node.value ?? (node.children ?? []).map(plainText).join("")
}
