// Looks for a word in every file below a directory, in each form that bytes can hold it. Written apart from the product's own search.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export function wordForms(word: string): Map<string, Buffer> {
  const forms = new Map<string, Buffer>()
  const wide = Buffer.from(word, "utf16le")
  forms.set("utf8", Buffer.from(word))
  forms.set("utf16le", wide)
  forms.set("utf16be", Buffer.from(wide).swap16())
  forms.set("hex", Buffer.from(Buffer.from(word).toString("hex")))
  for (const shift of [0, 1, 2]) {
    // Without the characters at both ends that depend on the neighbours.
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(word)])
      .toString("base64")
      .replaceAll("=", "")
    forms.set(`base64+${shift}`, Buffer.from(text.slice(shift === 0 ? 0 : shift + 1, -1)))
  }
  return forms
}

/** `path: form` of all that is found. */
export function filesWith(directory: string, word: string): string[] {
  const forms = wordForms(word)
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      const content = contentOf(path)
      return [...forms].filter(([, bytes]) => content.includes(bytes)).map(([form]) => `${path}: ${form}`)
    })
}

/** A server that runs removes files while they are looked through. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0)
    throw error
  }
}
