// pgvector for the test server, where scripts/install-pgvector.sh has put it: built for a newer C library, which the server is then run with.
import { existsSync } from "node:fs"
import { join } from "node:path"

const root = "/opt/perdure-pgvector"
const share = join(root, "usr/share/postgresql/18")
const library = join(root, "usr/lib/postgresql/18/lib")
const systemLibraries = join(root, "usr/lib/x86_64-linux-gnu")

/** Whether the test server has pgvector here. */
export function hasTestVector(): boolean {
  return process.platform === "linux" && process.arch === "x64" && existsSync(join(share, "extension/vector.control"))
}

/** Where the server looks for the extension, besides its own directories. */
export const vectorSettings = { extension_control_path: `${share}:$system`, dynamic_library_path: `${library}:$libdir` } as const

/** The command that runs `binary` under that C library; its children are forks and need no command of their own. */
export function underNewerLibrary(binary: string, libraries: string): { command: string; parameters: string[] } {
  const loader = join(systemLibraries, "ld-linux-x86-64.so.2")
  return { command: loader, parameters: ["--argv0", binary, "--library-path", `${systemLibraries}:${libraries}`, binary] }
}
