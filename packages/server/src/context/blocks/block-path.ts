// Paths of blocks: what is one, and how the memory tool's `/memories/…` names it. What could lead elsewhere is refused, in whatever disguise.
import { AppError } from "../../core/index.ts"

/** The directory under which the memory tool sees the blocks of its scope. */
export const memoryRoot = "/memories"

const charsMax = 400
const segmentsMax = 10
/** The last words of routes beneath a block. */
const reserved: readonly string[] = ["versions", "confirm"]
const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/** `notes/today.md`, checked; throws what is wrong with it. */
export function parseBlockPath(text: string, param = "path"): string {
  const path = text.normalize("NFC")
  const problem = problemOf(path)
  if (problem === undefined) return path
  throw new AppError("invalid_request", `'${path.slice(0, 80)}' is not the path of a block: ${problem}.`, {
    param,
    hint: "A path is `name` or `directory/name`, for example `notes/today.md`.",
  })
}

/** The path below the root, "" for the root itself; throws for what does not lie below it. */
export function parseMemoryPath(text: string): string {
  const trimmed = text.length > 1 && text.endsWith("/") ? text.slice(0, -1) : text
  if (trimmed === memoryRoot) return ""
  if (!trimmed.startsWith(`${memoryRoot}/`)) throw outside(text)
  const path = trimmed.slice(memoryRoot.length + 1).normalize("NFC")
  const problem = problemOf(path)
  if (problem !== undefined) throw new AppError("invalid_request", `Invalid path ${text.slice(0, 200)}: ${problem}`, { param: "path" })
  return path
}

/** How the memory tool names a block. */
export function memoryPath(path: string): string {
  return path === "" ? memoryRoot : `${memoryRoot}/${path}`
}

function problemOf(path: string): string | undefined {
  if (path === "" || path.length > charsMax) return `it has 1 to ${charsMax} characters`
  if (control.test(path)) return "it has control characters or invisible ones"
  if (path.includes("\\")) return "it has a backslash"
  // `%2e%2e%2f`, however often it was encoded: nobody decodes it here, somebody else might.
  if (/%(?:25)*(?:2e|2f|5c|00)/i.test(path)) return "it has an encoded dot, slash or backslash"
  const segments = path.split("/")
  if (segments.length > segmentsMax) return `it has more than ${segmentsMax} segments`
  if (segments.some((segment) => segment === "" || segment.trim() !== segment)) return "a segment is empty or has blanks around it"
  if (segments.some((segment) => /^\.+$/.test(segment))) return "it has a segment of dots"
  const last = segments.at(-1) ?? ""
  return reserved.includes(last) ? `'${last}' is a reserved name` : undefined
}

function outside(path: string): AppError {
  return new AppError("invalid_request", `Path must start with ${memoryRoot}, got: ${path.slice(0, 200)}`, { param: "path" })
}
