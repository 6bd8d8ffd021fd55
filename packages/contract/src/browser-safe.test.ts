// Tests that the contract can be loaded by a browser: it imports nothing but zod and itself, and touches no global of Node.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"

const allowed = /^(zod|\.\/[\w-]+\.ts)$/
const nodeGlobals = /\b(process|Buffer|require|__dirname|__filename|global)\b(?=[.([])|import\.meta\./g

test("no file of the contract imports anything but zod and its neighbours, or uses a global of Node", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  expect(files.length).toBeGreaterThan(5)
  for (const name of files)
    expect({ name, offences: offences(readFileSync(join(import.meta.dirname, name), "utf8")) }).toEqual({ name, offences: [] })
})

test("an import of a Node built-in or a use of process is found", () => {
  expect(offences('import { hash } from "node:crypto"')).toEqual(["node:crypto"])
  expect(offences('export * from "fs"')).toEqual(["fs"])
  expect(offences('import "node:fs"')).toEqual(["node:fs"])
  expect(offences('import {\n  hash,\n} from "node:crypto"')).toEqual(["node:crypto"])
  expect(offences('const path = await import("node:path")')).toEqual(["node:path"])
  expect(offences("const level = process.env")).toEqual(["process"])
  expect(offences('z.enum(["import", "operator"]).meta({ description: "Where it came from" })')).toEqual([])
})

function offences(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
  const imported = [...code.matchAll(/(?:^import|^(?:import|export|\}) [^"'\n]*\bfrom|\bimport\s*\()\s*["']([^"']+)["']/gm)].map(
    ([, name]) => name ?? "",
  )
  return [...imported.filter((name) => !allowed.test(name)), ...[...code.matchAll(nodeGlobals)].map(([name]) => name)]
}
