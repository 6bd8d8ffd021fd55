// `perdure retrieval fit`: learns how much words, vectors and the other signals shall count, and says how good that is on what was left out.
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import * as z from "zod"
import type { FittedSpace, RankingPair } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import { loadComposition } from "./composition.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer } from "./server-file.ts"
import type { Terminal } from "./terminal.ts"

export interface RetrievalFitOptions extends ConfigOptions {
  pairs?: string
  kind?: "message" | "statement"
  project?: string
  json?: boolean
}

export async function retrievalFit(options: RetrievalFitOptions, terminal: Terminal): Promise<number> {
  const pairs = options.pairs === undefined ? undefined : readPairs(resolve(options.pairs))
  const isOfDocuments = pairs?.some((pair) => "vectorStore" in pair) === true
  const { kind = isOfDocuments ? "statement" : "message" } = options
  const { config } = await loadFor(options, true)
  const running = config.database.url === null ? runningServer(config.data) : undefined
  if (running !== undefined) {
    throw new AppError("data_directory_locked", `The server with process id ${running.pid} has the embedded database open.`, {
      hint: "Stop it, fit, and start it again; with Postgres both work at once.",
    })
  }
  const { openRanking } = await loadComposition()
  await using opened = await openRanking(config)
  const caller = { projectId: options.project ?? opened.projectId, principal: "operator" }
  const fitted = await opened.ranking.fit(caller, { kind, pairs }, new AbortController().signal)
  if (options.json === true) terminal.print(JSON.stringify(fitted))
  else show(fitted, terminal)
  return fitted.kept ? exitCodes.ok : exitCodes.failed
}

const asked = { query: z.string().min(1), relevant: z.array(z.string()).min(1) }
const pairSchema = z.union([
  z.strictObject({ scope: z.string(), ...asked }),
  z.strictObject({ vector_store: z.string(), ...asked }).transform(({ vector_store: vectorStore, ...rest }) => ({ vectorStore, ...rest })),
])

function readPairs(path: string): RankingPair[] {
  const lines = readFileSync(path, "utf8").split("\n")
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return []
    const parsed = pairSchema.safeParse(jsonOf(line))
    if (parsed.success) return [parsed.data]
    throw new AppError("invalid_request", `Line ${index + 1} of ${path} is no labelled question.`, {
      hint: 'Each line is {"scope": "user:alice", "query": "…", "relevant": ["mem_…"]}, or {"vector_store": "vs_…", "query": "…", "relevant": ["chunk_… or file_…"]}.',
    })
  })
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function show({ model, kind, questions, groups, recall, weights, kept, refusal, calibration }: FittedSpace, terminal: Terminal): void {
  const print = (line: string): void => terminal.print(line)
  const { style } = terminal
  const figure = (value: number): string => value.toFixed(3)
  print(`${questions} questions in ${groups} groups; vectors of ${model}, ${kind}s; recall among the first ten:`)
  print(`  words alone        ${figure(recall.words)}`)
  print(`  vectors alone      ${figure(recall.vectors)}`)
  print(`  in force until now ${figure(recall.before)}`)
  print(`  fitted, itself     ${figure(recall.fitted)}`)
  print(`  fitted, left out   ${figure(recall.leftOut)}`)
  print(
    `weights: ${Object.entries(weights)
      .map(([name, weight]) => `${name} ${weight}`)
      .join(", ")}`,
  )
  const { leftOut, before, curve, kept: fits } = calibration
  print(`scores as likelihoods, mean error: ${figure(before)} until now, ${figure(leftOut)} fitted, left out`)
  if (curve !== null) print(`curve: 1 / (1 + exp(-(${curve.slope} × score ${curve.offset < 0 ? "-" : "+"} ${Math.abs(curve.offset)})))`)
  if (fits) print(style("green", "Kept: scores are told by this curve from now on."))
  print(kept ? style("green", "Kept: searches use them from now on.") : style("yellow", `Not kept. ${refusal ?? ""}`))
}
