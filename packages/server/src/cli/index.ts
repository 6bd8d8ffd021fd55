// Public face of the command line.
export { createProgram, runCli, type ProgramOptions } from "./program.ts"
export { createTerminal, ignoreBrokenPipes, type Terminal } from "./terminal.ts"
export { exitCodes } from "./exit-codes.ts"
