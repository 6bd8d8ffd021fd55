// What is set up for V8 is seen in a process of its own.
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "vitest"

const program = `
import { readdirSync, readFileSync } from "node:fs"
import { getPriority } from "node:os"
import { setUpV8 } from ${JSON.stringify(join(import.meta.dirname, "set-up-v8.ts"))}
const before = getPriority()
const seen = () => {
  const threads = readdirSync("/proc/self/task").map((id) => ({ name: readFileSync("/proc/self/task/" + id + "/comm", "utf8").trim(), steps: getPriority(Number(id)) - before }))
  return { main: getPriority() - before, workers: threads.filter(({ name }) => name === "V8Worker").map(({ steps }) => steps) }
}
const until = async (isSo) => {
  for (let waits = 0; waits < 600 && !isSo(seen()); waits += 1) await new Promise((resolve) => setTimeout(resolve, 50))
}
await until(({ workers }) => workers.length === 4) // each gives itself its name
setUpV8(10)
await until(({ workers }) => workers.includes(5))
console.log(JSON.stringify(seen()))
`

test("V8's own threads go behind the one that answers", { skip: process.platform !== "linux" }, () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--v8-pool-size=4", "--input-type=module", "-e", program], { encoding: "utf8" })
  expect(JSON.parse(stdout || stderr)).toEqual({ main: 0, workers: [5, 5, 5, 5] })
})
