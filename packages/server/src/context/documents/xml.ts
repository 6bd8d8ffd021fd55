// Walks XML of office files as events, within a limit of depth; entities that a document declares are never expanded.
import { SaxesParser } from "saxes"
import { DocumentError } from "./types.ts"

export interface XmlElement {
  /** Without its prefix. */
  name: string
  attribute(name: string): string | undefined
}

export interface XmlHandler {
  open?: (element: XmlElement) => void
  text?: (text: string) => void
  close?: (name: string) => void
}

const depthMax = 256

/** `what` names the part in an error. */
export function walkXml(xml: string, what: string, handler: XmlHandler): void {
  const parser = new SaxesParser({ xmlns: false, position: true })
  let depth = 0
  parser.on("error", (error) => {
    throw new DocumentError("invalid_file", `The file's ${what} is no valid XML: ${error.message.slice(0, 200)}.`)
  })
  parser.on("doctype", () => {
    throw new DocumentError("invalid_file", `The file's ${what} declares a document type, which office files never do.`)
  })
  parser.on("opentag", (tag) => {
    depth += 1
    if (depth > depthMax) throw new DocumentError("invalid_file", `The file's ${what} is nested deeper than ${depthMax} elements.`)
    const attributes = tag.attributes as Readonly<Record<string, string>> // plain without namespaces
    handler.open?.({ name: local(tag.name), attribute: (name) => attributeOf(attributes, name) })
  })
  parser.on("text", (text) => handler.text?.(text))
  parser.on("cdata", (text) => handler.text?.(text))
  parser.on("closetag", (tag) => {
    depth -= 1
    handler.close?.(local(tag.name))
  })
  parser.write(xml).close()
}

/** By its full name, else by its name without a prefix. */
function attributeOf(attributes: Readonly<Record<string, string>>, name: string): string | undefined {
  if (Object.hasOwn(attributes, name)) return attributes[name]
  for (const key of Object.keys(attributes)) if (local(key) === name) return attributes[key]
  return undefined
}

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1)
}
