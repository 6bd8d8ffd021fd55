// Public face of the command line.
export { runCli, type ProgramOptions } from "./program.ts"
export { createTerminal, type Terminal } from "./terminal.ts"
