#!/usr/bin/env node
// The entry point of the `perdure` command.
import { createTerminal, ignoreBrokenPipes, runCli } from "./cli/index.ts"

ignoreBrokenPipes()
process.exitCode = await runCli(process.argv.slice(2), { terminal: createTerminal(), entry: import.meta.filename })
