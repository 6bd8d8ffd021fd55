// Tells when the text of the configuration or of a prompt beside it changes: by events of its directory, which also sees files that are replaced, and by looking now and then.
import { createHash } from "node:crypto"
import { readFileSync, watch, type FSWatcher } from "node:fs"
import { dirname, join } from "node:path"
import { promptFileNames } from "./prompt-files.ts"

export interface WatchConfigOptions {
  path: string
  /** Called after changes have settled, with a text that is another than before, there or in a file of prompts. */
  onChange: () => void
  /** Where events do not come: files that are mounted, networks. */
  pollMs: number
}

/** Editors write a file in several steps; these count as one change. */
const settleMs = 150

/** Returns what ends it. It keeps no process alive. */
export function watchConfig({ path, onChange, pollMs }: WatchConfigOptions): () => void {
  let known = digestOf(path)
  let settling: NodeJS.Timeout | undefined
  const look = (): void => {
    const digest = digestOf(path)
    // Gone or empty for a moment while it is replaced or written: what comes next is an event of its own.
    if (digest === undefined || digest === known) return
    known = digest
    onChange()
  }
  const soon = (): void => {
    clearTimeout(settling)
    settling = setTimeout(look, settleMs).unref()
  }
  const watchers = [dirname(path), promptDirectory(path)].map((directory) => open(directory, soon))
  const polling = setInterval(look, pollMs).unref()
  return () => {
    clearTimeout(settling)
    clearInterval(polling)
    for (const watcher of watchers) watcher?.close()
  }
}

function digestOf(path: string): string | undefined {
  try {
    const text = readFileSync(path)
    if (text.length === 0) return undefined
    const digest = createHash("sha256").update(text)
    for (const file of promptFileNames(promptDirectory(path))) digest.update(file).update(readFileSync(join(promptDirectory(path), file)))
    return digest.digest("hex")
  } catch {
    return undefined
  }
}

function promptDirectory(path: string): string {
  return join(dirname(path), "prompts")
}

function open(directory: string, onEvent: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, onEvent)
    watcher.on("error", () => watcher.close()) // the directory went away: looking goes on
    return watcher
  } catch {
    return undefined // out of watches
  }
}
