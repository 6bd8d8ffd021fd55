// The worker thread: loads the model once, then answers one text per message, in order.
import { parentPort, workerData } from "node:worker_threads"
import type { Tokenizer } from "@huggingface/tokenizers"
import type * as Runtime from "onnxruntime-node"
import { dimensions, pooled, tokenIds, tokenVectors } from "./encode.ts"
import { MiniLmError } from "./errors.ts"
import { readModelFile, readTokenizer } from "./model-files.ts"
import { loadRuntime } from "./runtime.ts"
import { runningFlag, stopFlag, type FromWorker, type ToWorker, type WorkerStart } from "./protocol.ts"

interface Loaded {
  tokenizer: Tokenizer
  session: Runtime.InferenceSession
  tensor: typeof Runtime.Tensor
}

const port = parentPort
if (!port) throw new Error("worker.ts runs in a worker thread only")

const { directory, flags } = workerData as WorkerStart
try {
  const loaded = await load(directory)
  let running: Promise<void> = Promise.resolve()
  port.on("message", (message: ToWorker) => {
    running = running.then(() => (message.type === "close" ? close(loaded) : answer(loaded, message)))
  })
  send({ type: "ready" })
} catch (error) {
  const code = error instanceof MiniLmError ? error.code : "native_library"
  send({ type: "load-failed", code, message: error instanceof Error ? error.message : String(error) })
}

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

async function load(directory: string): Promise<Loaded> {
  const [model, tokenizer] = await Promise.all([readModelFile(directory, "model.onnx"), readTokenizer(directory)])
  const { InferenceSession, Tensor } = await loadRuntime()
  const options = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" }, inter_op: { allow_spinning: "0" } } },
  } as Runtime.InferenceSession.SessionOptions // the published type lacks `extra`
  return { tokenizer, session: await InferenceSession.create(model, options), tensor: Tensor }
}

async function answer(loaded: Loaded, { id, text, tokens }: Extract<ToWorker, { type: "run" }>): Promise<void> {
  if (Atomics.load(flags, stopFlag) === 1) return
  Atomics.store(flags, runningFlag, 1)
  try {
    const hidden = await lastHiddenState(loaded, tokenIds(loaded.tokenizer, text))
    const whole = pooled(hidden)
    const each = tokens ? tokenVectors(hidden) : null
    const buffers = [whole, ...(each ? [each] : [])].map((vector) => vector.buffer as ArrayBuffer)
    send({ type: "vectors", id, text: whole, tokens: each }, buffers)
  } catch (error) {
    send({ type: "run-failed", id, message: error instanceof Error ? error.message : String(error) })
  } finally {
    Atomics.store(flags, runningFlag, 0)
    Atomics.notify(flags, runningFlag)
  }
}

async function lastHiddenState({ session, tensor }: Loaded, ids: readonly number[]): Promise<Float32Array> {
  const feed = (cells: readonly number[]): Runtime.Tensor => new tensor("int64", BigInt64Array.from(cells, BigInt), [1, cells.length])
  const output = await session.run({
    input_ids: feed(ids),
    attention_mask: feed(ids.map(() => 1)),
    token_type_ids: feed(ids.map(() => 0)),
  })
  const hidden = output["last_hidden_state"]?.data
  if (hidden instanceof Float32Array && hidden.length === ids.length * dimensions) return hidden
  throw new Error(`the model answered no ${ids.length} × ${dimensions} numbers`)
}

/** The thread ends by itself once nothing listens. */
async function close({ session }: Loaded): Promise<void> {
  await session.release()
  port?.close()
}
