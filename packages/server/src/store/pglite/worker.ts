// The thread in which the embedded engine runs: it takes batches of protocol messages and answers with protocol messages.
import { getPriority, setPriority } from "node:os"
import { parentPort, workerData } from "node:worker_threads"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { DurableFiles } from "./durable-files.ts"
import { GiveWay, shortestSleep } from "./give-way.ts"
import { RawProtocol } from "./raw-protocol.ts"
import { recordSync } from "./shadow.ts"
import type { Batch, FromWorker, ToWorker, WorkerSettings } from "./messages.ts"

const settings = workerData as WorkerSettings
const port = parentPort
if (port === null) throw new Error("pglite/worker.ts runs only as a worker thread")

/** The last lines that Postgres wrote; they say why it died. */
const output: string[] = []
let closing = false

/** Elsewhere the shortest sleep may be ten milliseconds. */
const core = process.platform === "linux" ? new GiveWay({ now: () => performance.now(), pause: shortestSleep }) : undefined

const files = new DurableFiles(settings.directory, {
  onTransfer: () => core?.offer(),
  onSync: (path) => {
    core?.slept()
    if (settings.shadowDirectory !== undefined) recordSync(settings.shadowDirectory, path)
  },
  onDeath: (message) => {
    if (closing) return
    send({ type: "died", message, output: output.join("\n") })
    // Ends this thread at once: nothing that the engine says after its death may reach anyone.
    process.exit(1)
  },
})

answeringGoesFirst()
try {
  const engine = await start()
  const protocol = await RawProtocol.of(engine)
  send({ type: "ready", fsyncs: files.fsyncs })
  port.on("message", (message: ToWorker) => {
    if (message.type === "batch") run(protocol, message)
    else void close(engine)
  })
} catch (error) {
  send({ type: "failed", message: error instanceof Error ? error.message : String(error), output: output.join("\n") })
  port.close()
}

function start(): Promise<PGlite> {
  const keep = (text: string): boolean => {
    output.push(text)
    if (output.length > 40) output.shift()
    return true
  }
  return PGlite.create({ fs: files, extensions: { vector }, startParams: startParameters(settings.fsync), onStderr: keep, onStdout: keep })
}

/** PGlite's own parameters without `-F`, which turns fsync off. Small buffers: the operating system caches the files anyway. */
function startParameters(fsync: boolean): string[] {
  const own = PGlite.defaultStartParams.filter((parameter) => parameter !== "-F")
  const extra = [
    "wal_sync_method=fsync",
    "shared_buffers=16MB",
    "work_mem=8MB",
    "maintenance_work_mem=64MB",
    "max_wal_size=256MB",
    // Of a hundred times as many rows a sample is held and sorted at each analyze, all columns of it, while nothing else can run.
    "default_statistics_target=20",
    // Recycled segments keep what was written in them, under a new name; erased data must not stay there.
    "wal_recycle=off",
    "timezone=UTC",
  ]
  return [...own, ...extra.flatMap((setting) => ["-c", setting]), ...(fsync ? [] : ["-F"])]
}

/**
 * Where this thread shares a core with the server's own, a batch of records would hold up every answer for its milliseconds. On Linux a
 * priority is the thread's alone; three steps leave it a third of a busy core, and it needs a sixth.
 */
function answeringGoesFirst(): void {
  if (process.platform !== "linux") return
  try {
    setPriority(Math.min(19, getPriority() + 3))
  } catch {
    // Not allowed here: it goes on as it is.
  }
}

function run(protocol: RawProtocol, { id, requests, isHousekeeping }: Batch): void {
  core?.begins(isHousekeeping)
  const replies = requests.map((request) => protocol.exec(request))
  const message: FromWorker = { type: "batch", id, replies, fsyncs: files.fsyncs }
  port?.postMessage(
    message,
    replies.map((reply) => reply.buffer),
  )
}

async function close(engine: PGlite): Promise<void> {
  closing = true
  await engine.close()
  send({ type: "closed" })
  port?.close()
}

function send(message: FromWorker): void {
  port?.postMessage(message)
}
