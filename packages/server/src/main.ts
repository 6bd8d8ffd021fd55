#!/usr/bin/env node
// The entry point of the `perdure` command.
import { createTerminal, runCli } from "./cli/index.ts"

process.exitCode = await runCli(process.argv.slice(2), { terminal: createTerminal(), entry: import.meta.filename })
