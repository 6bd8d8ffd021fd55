// The model itself: its weights in onnxruntime, and one run of it.
import type { Tokenizer } from "@huggingface/tokenizers"
import type * as Runtime from "onnxruntime-node"
import { dimensions } from "./encode.ts"
import { readModelFile, readTokenizer } from "./model-files.ts"
import { loadRuntime } from "./runtime.ts"

export interface LoadedModel {
  tokenizer: Tokenizer
  session: Runtime.InferenceSession
  tensor: typeof Runtime.Tensor
}

export async function loadModel(directory: string): Promise<LoadedModel> {
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

/** One vector of `dimensions` per id. */
export async function lastHiddenState({ session, tensor }: LoadedModel, ids: readonly number[]): Promise<Float32Array> {
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
