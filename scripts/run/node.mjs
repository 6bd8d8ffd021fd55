// Finds the Node that npm installed for this project: never the one that a shell remembers from before the install.
import { existsSync } from "node:fs"
import { join } from "node:path"

const majorMin = 24

/** Path of a Node that runs the project; throws with what to do where there is none. */
export function projectNode(root) {
  const isWindows = process.platform === "win32"
  const own = isWindows ? ["node_modules/node/bin/node.exe"] : ["node_modules/node/bin/node", "node_modules/.bin/node"]
  const found = own.map((path) => join(root, path)).find((path) => existsSync(path))
  if (found !== undefined) return found
  if (Number(process.versions.node.split(".")[0]) >= majorMin) return process.execPath
  throw new Error(
    `The project needs Node ${majorMin} or newer; this is ${process.version}, and the one that npm installs is not in node_modules.\n` +
      "Next: npm ci   (npm 11 asks to allow the install script of the package `node`)",
  )
}
