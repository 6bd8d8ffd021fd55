// The tasks of the repository, by name: what `npm run <name>` does once everything is installed.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { buildPackages } from "./build.mjs"
import { ensureDashboard, buildDashboard } from "./dashboard.mjs"
import { projectEnvironment, runToEnd, tool } from "./spawn.mjs"

const vitest = ["vitest", "run"]

/** `{ root, node, args } → exit code` */
export const tasks = {
  demo: withDashboard((context) => node(context, "scripts/demo.ts", context.args)),
  dev: withDashboard((context) => node(context, "packages/server/src/main.ts", ["dev", ...context.args])),
  test: withDashboard((context) => tool(context, [...vitest, "--project", "unit", "--project", "e2e", ...context.args])),
  e2e: withDashboard((context) => tool(context, [...vitest, "--project", "e2e", ...context.args])),
  chaos: (context) => tool(context, [...vitest, "--project", "chaos", ...context.args]),
  check,
  build,
  bench,
}

export const taskNames = Object.keys(tasks)

/** All checks run, whatever the others say; each says how it ended. The longest begin first, as two run at a time. */
const checks = [
  { name: "dead code", command: ["knip"] },
  { name: "lint", command: ["oxlint", "--type-aware"] },
  { name: "types", command: ["typescript/tsc", "--noEmit", "-p", "."] },
  // What is published has declarations, and these must be able to name every type they show.
  { name: "declarations", command: ["typescript/tsc", "--noEmit", "-p", "tsconfig.build.json"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "import rule", command: [...vitest, "--project", "unit", "import-rule"] },
  { name: "schema dump", command: ["node", "scripts/dump-schema.ts", "--check"] },
]

async function check(context) {
  const waiting = checks.filter(({ name }) => context.args.length === 0 || context.args.includes(name))
  const results = []
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await runCheck(context, next))
  }
  await Promise.all([lane(), lane()])
  console.log("")
  for (const { name, isGood, seconds } of results) console.log(`${isGood ? "ok    " : "FAILED"}  ${name.padEnd(12)} ${seconds} s`)
  if (results.length === 0) console.error(`No such check. Checks: ${checks.map(({ name }) => name).join(", ")}.`)
  return results.length > 0 && results.every(({ isGood }) => isGood) ? 0 : 1
}

/** What a check says comes in one piece when it has ended, as another one runs beside it. */
async function runCheck(context, { name, command }) {
  const startedAt = Date.now()
  let output = ""
  const keep = (text) => (output += text)
  const [first, ...rest] = command
  const code = first === "node" ? await node(context, rest[0], rest.slice(1), keep) : await tool(context, command, context.root, keep)
  console.log(`\n── ${name}: ${command.join(" ")}\n${output.trimEnd()}`)
  return { name, isGood: code === 0, seconds: ((Date.now() - startedAt) / 1000).toFixed(1) }
}

/** Everything that is published; `-- dashboard` builds that where its sources changed, `-- packages` the rest with the dashboard that is there. */
async function build(context) {
  const [part] = context.args
  if (part === "dashboard") return ensureDashboard(context)
  return (part === "packages" ? 0 : await buildDashboard(context)) || buildPackages(context)
}

/** `npm run bench -- journal …` runs `bench/journal/run.ts`; `-- retrieval/memories` runs `bench/retrieval/memories.ts`. */
function bench(context) {
  const [name = "", ...rest] = context.args
  const entry = [join("bench", name, "run.ts"), join("bench", `${name}.ts`)].find((path) => existsSync(join(context.root, path)))
  if (name !== "" && entry !== undefined) return node(context, entry, rest)
  console.error(`There is no bench/${name === "" ? "<name>" : name}/run.ts.\nNext: npm run bench -- journal`)
  return Promise.resolve(2)
}

function withDashboard(task) {
  return async (context) => (await ensureDashboard(context)) || task(context)
}

function node({ root, node }, entry, args, onOutput) {
  return runToEnd([node, join(root, entry), ...args], { cwd: root, env: projectEnvironment(root), onOutput })
}
