// What the memory tool shows: directories with sizes, files with numbered lines, the surroundings of an edit.
import { AppError } from "../../core/index.ts"
import { memoryPath } from "./block-path.ts"

const linesMax = 999_999
const levels = 2

/** Two levels with their sizes, hidden ones left out. `path` is below the root; blocks are what lies under it. */
export function directoryText(path: string, blocks: readonly { path: string; sizeBytes: number }[]): string {
  const sizes = new Map<string, number>([[path, 0]])
  const base = path === "" ? 0 : path.split("/").length
  for (const block of blocks) {
    const segments = block.path.split("/")
    if (segments.slice(base).some(isHidden)) continue
    sizes.set(path, (sizes.get(path) ?? 0) + block.sizeBytes)
    for (let depth = 1; depth <= levels && base + depth <= segments.length; depth++) {
      const name = segments.slice(0, base + depth).join("/")
      sizes.set(name, (sizes.get(name) ?? 0) + block.sizeBytes)
    }
  }
  const head = `Here're the files and directories up to 2 levels deep in ${memoryPath(path)}, excluding hidden items and node_modules:`
  return [head, ...[...sizes].map(([name, sizeBytes]) => `${sizeText(sizeBytes)}\t${memoryPath(name)}`)].join("\n")
}

function isHidden(segment: string): boolean {
  return segment.startsWith(".") || segment === "node_modules"
}

const units = ["", "K", "M", "G"]

/** `312`, `1.5K`, `2.0M` */
function sizeText(sizeBytes: number): string {
  const unit = sizeBytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(sizeBytes) / Math.log(1024)))
  return unit === 0 ? String(sizeBytes) : `${(sizeBytes / 1024 ** unit).toFixed(1)}${units[unit]}`
}

/** Lines with their numbers; of a range, which may end in -1 for the last line. */
export function fileText(path: string, text: string, range: readonly [number, number] | undefined): string {
  const lines = text.split("\n")
  if (lines.length > linesMax) throw new AppError("request_too_large", `File ${path} exceeds maximum line limit of 999,999 lines.`)
  const [first, last] = rangeOf(range, lines.length)
  return `Here's the content of ${path} with line numbers:\n${numbered(lines, first, last)}`
}

function rangeOf(range: readonly [number, number] | undefined, count: number): [number, number] {
  if (range === undefined) return [1, count]
  const [first, asked] = range
  const last = asked === -1 ? count : asked
  const isValid = Number.isInteger(first) && Number.isInteger(last) && first >= 1 && first <= count && last >= first
  if (isValid) return [first, Math.min(last, count)]
  throw new AppError(
    "invalid_request",
    `Invalid \`view_range\` parameter: [${first}, ${asked}]. It should be within the range of lines of the file: [1, ${count}]`,
  )
}

function numbered(lines: readonly string[], first: number, last: number): string {
  return lines
    .slice(first - 1, last)
    .map((line, index) => `${String(first + index).padStart(6)}\t${line}`)
    .join("\n")
}

const linesAround = 4

/** The edited lines and some before and after. */
export function editedText(text: string, line: number, changed: number): string {
  const lines = text.split("\n")
  const first = Math.max(1, line - linesAround)
  const last = Math.min(lines.length, line + changed - 1 + linesAround)
  return `The memory file has been edited. Here is the snippet showing the change (with line numbers):\n${numbered(lines, first, last)}`
}
