// Other parameters in a body that is not parsed: what it has of them, and the bytes to put in their place.
import type { JsonValue } from "../../core/index.ts"
import type { ParameterChanges, TopLevel } from "../../inference/index.ts"
import type { BodyBytes, Edit } from "./body-bytes.ts"
import { scanTopLevel, type Span } from "./body-scan.ts"

/** Undefined where the body has one of them twice, or not in a way that two readers would read alike. */
export function topOfBytes(bytes: BodyBytes, names: ReadonlySet<string>): TopLevel | undefined {
  const spans = scanTopLevel(bytes.pieces, names)
  if (!spans) return undefined
  return {
    has: (name) => spans.has(name),
    value: (name) => {
      const span = spans.get(name)
      return span && (JSON.parse(bytes.text(span)) as JsonValue) // what is not JSON is refused as such
    },
  }
}

/** `after`: where a member ends that new ones follow. Undefined where moving bytes cannot do it. */
export function changeEdits(bytes: BodyBytes, changes: ParameterChanges, after: number): Edit[] | undefined {
  const parts = partsOf(bytes, changes)
  if (!parts || parts.added.length === 0) return parts?.edits
  return [...parts.edits, { start: after, end: after, text: `,${parts.added.join(",")}` }]
}

/** The same with new members in the place of the model's name. */
export function changeEditsWithoutModel(bytes: BodyBytes, changes: ParameterChanges, model: Span): Edit[] | undefined {
  const parts = partsOf(bytes, changes)
  const member = memberOf(bytes, "model", model)
  if (!parts || !member || parts.added.length === 0) return undefined
  return [...parts.edits, { start: member.key, end: model.end, text: parts.added.join(",") }]
}

function partsOf(bytes: BodyBytes, changes: ParameterChanges): { edits: Edit[]; added: string[] } | undefined {
  const spans = scanTopLevel(bytes.pieces, new Set(changes.keys()))
  if (!spans) return undefined
  const edits: Edit[] = []
  const added: string[] = []
  for (const [name, value] of changes) {
    const span = spans.get(name)
    const text = value === undefined ? undefined : JSON.stringify(value)
    if (text === undefined) {
      const comma = span && memberOf(bytes, name, span)?.comma
      if (comma !== undefined) edits.push({ start: comma, end: span!.end, text: "" }) // a comma is one of a member
      else if (span) return undefined
    } else if (span) edits.push({ ...span, text })
    else added.push(`${JSON.stringify(name)}:${text}`)
  }
  return { edits, added }
}

/** More white space than this before a value is unusual. */
const memberStartBytesMax = 256

/** Where the key of a value begins, and the comma before it, which the first member lacks. Undefined where that is not near. */
function memberOf(bytes: BodyBytes, name: string, { start }: Span): { key: number; comma: number | undefined } | undefined {
  const before = Buffer.concat(bytes.slice(Math.max(0, start - memberStartBytesMax), start)).toString("latin1")
  const match = /(,[ \t\r\n]*)?("[\w-]+"[ \t\r\n]*:[ \t\r\n]*)$/.exec(before)
  const [, comma = "", key = ""] = match ?? []
  if (!key.startsWith(`"${name}"`)) return undefined
  const at = start - key.length
  return { key: at, comma: comma === "" ? undefined : at - comma.length }
}
