// The reference page of the command line, made from the commands themselves.
import type { Command } from "commander"
import { createProgram, createTerminal, exitCodes } from "../../packages/server/src/cli/index.ts"
import { code, generatedNote, table } from "./markdown.ts"

const exitMeanings: Record<keyof typeof exitCodes, string> = {
  ok: "all went well; for `start` and `dev`: stopped by a signal after draining",
  failed: "it failed in a way that none of the others names",
  usage: "the command line is wrong",
  config: "the configuration cannot be used",
  data: "the data directory is locked or damaged, or the database does not answer, is not migrated, or was migrated by a newer version",
  unhealthy: "`doctor` found something that must be fixed",
  incomplete: "`import --strict` could not translate everything",
}

export function commandLinePage(): string {
  const silent = { write: () => true }
  const terminal = createTerminal({ stdout: silent, stderr: silent, noColour: true })
  const program = createProgram({ terminal, entry: "", finish: async () => {} })
  const commands = leaves(program).map(section)
  return `# Command line

${generatedNote}

\`npx perdure <command>\`. A small launcher checks the version of Node and goes on with the project's own where the machine's is older
than 24. Results go to stdout, everything else to stderr. Colour only on a terminal and without \`NO_COLOR\`. \`--json\` (for \`start\`:
\`--print json\`) prints JSON, failures too: \`{"error":{"code","message","next"}}\`. Nothing asks questions. Every error ends with the next step.

${commands.join("\n")}
## What \`start --print json\` prints

One line on stdout once requests are answered:

\`\`\`json
{"url":"http://127.0.0.1:8080","port":8080,"apiKey":"…","dashboardUrl":"http://127.0.0.1:8080/dashboard/login?token=…","pid":4242}
\`\`\`

\`apiKey\` is there only when this start created one, because the data directory had none; it is not shown again. The token in
\`dashboardUrl\` works once. SIGTERM and SIGINT drain and stop; a second one, a second or more later, ends the process at once.

While it runs, \`server.json\` in the data directory says where it is. It holds the token of a loopback channel over which
\`perdure keys\` works while the embedded database is open, so only the directory's owner can read it.

## Exit codes

${table(
  ["code", "name", "meaning"],
  Object.entries(exitCodes).map(([name, value]) => [String(value), name, exitMeanings[name as keyof typeof exitCodes]]),
)}
`
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

function section(command: Command): string {
  const words: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name())
  const args = command.registeredArguments.map((argument) => [code(`<${argument.name()}>`), argument.description])
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, argChoices }) => [
      code(flags),
      argChoices === undefined ? description : `${description}: ${argChoices.join(", ")}`,
    ])
  const rows = [...args, ...options]
  return `## \`${words.join(" ")}\`\n\n${capital(command.description())}.\n${rows.length === 0 ? "" : `\n${table(["option", "meaning"], rows)}\n`}`
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
