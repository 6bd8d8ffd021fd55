// Watches what `perdure dev` restarts for: the configuration, the application's code beside it, and the server's own unbuilt source.
import { existsSync, readdirSync, watch, type FSWatcher } from "node:fs"
import { basename, dirname, join } from "node:path"

export interface WatchedPlaces {
  /** The command line's entry; its directory is watched when it is TypeScript, for those who work on Perdure itself. */
  entry: string
  configDirectory: string
  /** The configuration's own name, where `--config` gave it one of another kind. */
  configName?: string
}

/** Directories watched at most: a project that has more is not watched beyond. */
const directoriesMax = 500
const depthMax = 6
/** Editors write a file in several steps; these count as one change. */
const settleMs = 150

const skipped = /^(node_modules|dist|build|coverage|assets|\..*)$/
const relevant = /^(?!.*\.test\.)(?!.*\.d\.ts$).*\.(ts|mts|js|mjs|sql)$|^perdure\.ya?ml$/

/** Calls `onChange` with the file's name after changes have settled. Returns what ends it. */
export function watchSources(places: WatchedPlaces, onChange: (file: string) => void): () => void {
  const own = dirname(places.entry)
  const contract = join(own, "..", "..", "contract", "src")
  const roots = places.entry.endsWith(".ts") ? [own, contract, places.configDirectory] : [places.configDirectory]
  const directories = [...new Set(roots.flatMap((root) => directoriesIn(root, 0)))].slice(0, directoriesMax)
  let timer: NodeJS.Timeout | undefined
  const watchers = directories.flatMap((directory) =>
    open(directory, (file) => {
      if (!relevant.test(file) && file !== places.configName) return
      clearTimeout(timer)
      timer = setTimeout(() => onChange(file), settleMs)
    }),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

function open(directory: string, onFile: (file: string) => void): FSWatcher[] {
  try {
    const watcher = watch(directory, (_event, name) => onFile(basename(name ?? "")))
    watcher.on("error", () => watcher.close()) // the directory went away
    return [watcher]
  } catch {
    return [] // out of watches, or gone: the others still work
  }
}

function directoriesIn(root: string, depth: number): string[] {
  if (depth > depthMax || !existsSync(root)) return []
  const children = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !skipped.test(entry.name))
  return [root, ...children.flatMap((entry) => directoriesIn(join(root, entry.name), depth + 1))]
}
