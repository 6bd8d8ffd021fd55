// The worker thread: loads the model once, then answers one text per message, in order.
import { parentPort, workerData } from "node:worker_threads"
import { dimensions, passageIds, pooled } from "./encode.ts"
import { MiniLmError } from "./errors.ts"
import { tokenVectors } from "./late-interaction.ts"
import { readProjection } from "./model-files.ts"
import { lastHiddenState, loadModel, type LoadedModel } from "./model.ts"
import { runningFlag, stopFlag, type FromWorker, type ToWorker, type WorkerStart } from "./protocol.ts"

const port = parentPort
if (!port) throw new Error("worker.ts runs in a worker thread only")

const { directory, flags } = workerData as WorkerStart
try {
  const [model, projection] = await Promise.all([loadModel(directory), readProjection(directory)])
  let running: Promise<void> = Promise.resolve()
  port.on("message", (message: ToWorker) => {
    running = running.then(() => (message.type === "close" ? close(model) : answer(model, projection, message)))
  })
  send({ type: "ready" })
} catch (error) {
  const code = error instanceof MiniLmError ? error.code : "native_library"
  send({ type: "load-failed", code, message: error instanceof Error ? error.message : String(error) })
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

async function answer(
  model: LoadedModel,
  projection: Float32Array,
  { id, passage, tokens }: Extract<ToWorker, { type: "run" }>,
): Promise<void> {
  if (Atomics.load(flags, stopFlag) === 1) return
  Atomics.store(flags, runningFlag, 1)
  try {
    const { ids, start, end } = passageIds(model.tokenizer, passage)
    const hidden = await lastHiddenState(model, ids)
    const own = hidden.subarray(start * dimensions, end * dimensions)
    // Alone, a text has the mean of all that was read, its frame too: so the model was trained.
    const whole = pooled(start === 1 || own.length === 0 ? hidden : own)
    const each = tokens ? tokenVectors(own, ids.slice(start, end), projection) : null
    const buffers = [whole, ...(each ? [each.vectors, each.weights] : [])].map((vector) => vector.buffer as ArrayBuffer)
    send({ type: "vectors", id, text: whole, tokens: each }, buffers)
  } catch (error) {
    send({ type: "run-failed", id, message: error instanceof Error ? error.message : String(error) })
  } finally {
    Atomics.store(flags, runningFlag, 0)
    Atomics.notify(flags, runningFlag)
  }
}

/** The thread ends by itself once nothing listens. */
async function close({ session }: LoadedModel): Promise<void> {
  await session.release()
  port?.close()
}
