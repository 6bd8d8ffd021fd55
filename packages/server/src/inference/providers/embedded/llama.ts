// A GGUF file run in this process by llama.cpp, through the optional package node-llama-cpp: loaded at the first call, a few calls at once.
import { open } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { basename } from "node:path"
import { AppError, messageOf, type NewId } from "../../../core/index.ts"
import type { Deployment, ModelCall, ModelEvent, ModelUsage } from "../../types.ts"
import { EventQueue } from "./event-queue.ts"
import { forcedSchema, functionsOf, historyOf, schemaOf } from "./llama-call.ts"
import { loadLlamaModule, type Llama, type LlamaContext, type LlamaModel, type LlamaModule, type LlamaSequence } from "./llama-module.ts"
import { Slots } from "./slots.ts"
import type { NativeModel } from "./types.ts"

export interface GgufOptions {
  deployment: Deployment
  /** The file. */
  path: string
  newId: NewId
  /** Where node-llama-cpp lies when it cannot be found from here. */
  modulePath?: string
  /** Calls that generate at once; each has its own part of the context. */
  callsMax?: number
  /** Calls that may wait for one of these; more are refused. */
  callsWaitingMax?: number
  gpu?: "auto" | false
  /** One core is left to the server when absent: llama.cpp's threads spin, and more of them than cores make a token take a second (measured). */
  threadsMax?: number
}

export interface GgufModel extends NativeModel, AsyncDisposable {
  readonly chat: NonNullable<NativeModel["chat"]>
}

const defaultContextTokens = 8_192
const contextTokensMin = 128
/** Room that is left for an answer when a prompt nearly fills the context. */
const answerTokensMin = 16

/** Nothing is loaded before the first call, so a missing package or file is an error of that call. */
export function createGguf(options: GgufOptions): GgufModel {
  return new LlamaDeployment(options)
}

interface Loaded {
  module: LlamaModule
  llama: Llama
  model: LlamaModel
  context: LlamaContext
  idle: LlamaSequence[]
}

class LlamaDeployment implements GgufModel {
  readonly deployment: Deployment
  readonly chat: GgufModel["chat"]
  readonly #options: GgufOptions
  readonly #slots: Slots
  #loading: Promise<Loaded> | undefined
  #model: LlamaModel | undefined

  constructor(options: GgufOptions) {
    this.deployment = options.deployment
    this.#options = options
    this.#slots = new Slots(options.callsMax ?? 2, options.callsWaitingMax ?? 64)
    this.chat = (call, signal) => this.#chat(call, signal)
  }

  readonly countTokens = (text: string): number => this.#model?.tokenize(text).length ?? Math.ceil(text.length / 4)

  async [Symbol.asyncDispose](): Promise<void> {
    const loaded = await this.#loading?.catch(() => undefined)
    this.#loading = undefined
    this.#model = undefined
    await loaded?.context.dispose()
    await loaded?.model.dispose()
    await loaded?.llama.dispose()
  }

  async *#chat(call: ModelCall, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    signal.throwIfAborted()
    const loaded = await this.#load()
    const leave = await this.#slots.enter(signal)
    // As many sequences as slots; each is used again, because a disposed one is free only some time later.
    const sequence = loaded.idle.pop() ?? loaded.context.getSequence()
    try {
      await sequence.clearHistory()
      yield* this.#generate(loaded, sequence, call, signal)
    } finally {
      loaded.idle.push(sequence)
      leave()
    }
  }

  async *#generate(loaded: Loaded, sequence: LlamaSequence, call: ModelCall, signal: AbortSignal): AsyncGenerator<ModelEvent> {
    const { maxTokens, history } = this.#fitted(loaded, call)
    const before = usedBy(sequence)
    const chat = new loaded.module.LlamaChat({ contextSequence: sequence })
    // Leaving the loop early (the reader went away) must end the generation too.
    const stop = new AbortController()
    const queue = new EventQueue<ModelEvent>()
    const translator = new Translator(queue, this.#options.newId)
    const grammar = await grammarFor(loaded.llama, call)
    const forced = forcedSchema(call)
    const generation = chat
      .generateResponse(history, {
        signal: AbortSignal.any([signal, stop.signal]),
        maxTokens,
        temperature: call.temperature ?? 0,
        ...(call.topP === null ? {} : { topP: call.topP }),
        ...(grammar === undefined
          ? { ...functionsOf(call), onFunctionCallParamsChunk: (chunk) => translator.callChunk(chunk) }
          : { grammar }),
        ...(forced ? {} : { onResponseChunk: (chunk) => translator.textChunk(chunk) }),
      })
      .then(({ response, metadata }) => {
        if (forced && metadata.stopReason !== "maxTokens") translator.forcedCall(forced.nameOf(response), forced.argumentsOf(response))
        const usage = usageSince(before, sequence)
        queue.push({ type: "finished", reason: translator.reason(metadata.stopReason), usage, upstreamModel: basename(this.#options.path) })
        return queue.end()
      })
      .catch((error: unknown) => queue.fail(signal.aborted ? signal.reason : failure(error)))
    try {
      yield* queue
    } finally {
      stop.abort()
      await generation
      chat.dispose()
    }
  }

  /** The history and the tokens that are left for the answer. */
  #fitted({ model, context }: Loaded, call: ModelCall): { history: ReturnType<typeof historyOf>; maxTokens: number } {
    const history = historyOf(call)
    const tokens = model.tokenize(JSON.stringify(history)).length
    const left = context.contextSize - tokens
    if (left < answerTokensMin) {
      throw new AppError(
        "context_length_exceeded",
        `The messages have about ${tokens} tokens; the context of ${call.model} has ${context.contextSize}.`,
        {
          param: "messages",
          hint: "Send less, or set contextTokensMax of the deployment in the configuration.",
        },
      )
    }
    return { history, maxTokens: Math.min(call.outputTokensMax ?? left, left) }
  }

  #load(): Promise<Loaded> {
    this.#loading ??= this.#open().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  async #open(): Promise<Loaded> {
    const { path, modulePath, gpu = "auto", callsMax = 2, threadsMax, deployment } = this.#options
    await checkFile(path, deployment)
    const module = await loadLlamaModule(modulePath)
    try {
      const llama = await module.getLlama({
        build: "never",
        gpu,
        logLevel: "error",
        skipDownload: true,
        maxThreads: threadsMax ?? defaultThreads(),
      })
      const model = await llama.loadModel({ modelPath: path })
      const max = Math.min(deployment.contextTokensMax ?? defaultContextTokens, model.trainContextSize)
      const context = await model.createContext({ contextSize: { min: Math.min(contextTokensMin, max), max }, sequences: callsMax })
      this.#model = model
      return { module, llama, model, context, idle: [] }
    } catch (cause) {
      throw new AppError("feature_unavailable", `The model file "${basename(path)}" cannot be loaded by llama.cpp: ${messageOf(cause)}`, {
        cause,
      })
    }
  }
}

/** Turns what llama.cpp generates into events. */
class Translator {
  readonly #queue: EventQueue<ModelEvent>
  readonly #newId: NewId
  #calls = 0

  constructor(queue: EventQueue<ModelEvent>, newId: NewId) {
    this.#queue = queue
    this.#newId = newId
  }

  textChunk({ type, segmentType, text }: { type: "segment" | undefined; segmentType: string | undefined; text: string }): void {
    if (text === "") return
    const isThought = type === "segment" && segmentType === "thought"
    this.#queue.push({ type: isThought ? "reasoning-delta" : "text-delta", text })
  }

  callChunk({ callIndex, functionName, paramsChunk }: { callIndex: number; functionName: string; paramsChunk: string }): void {
    if (callIndex === this.#calls) this.#start(functionName)
    if (paramsChunk !== "") this.#queue.push({ type: "tool-call-delta", index: callIndex, arguments: paramsChunk })
  }

  forcedCall(name: string, text: string): void {
    this.#start(name)
    this.#queue.push({ type: "tool-call-delta", index: 0, arguments: text })
  }

  reason(stopReason: string): "stop" | "length" | "tool_calls" {
    if (stopReason === "maxTokens") return "length"
    return this.#calls > 0 ? "tool_calls" : "stop"
  }

  #start(name: string): void {
    this.#queue.push({ type: "tool-call-started", index: this.#calls++, callId: this.#newId("call"), name })
  }
}

/** llama.cpp's reader can hang on a file that is none of its own. */
async function checkFile(path: string, { origin }: Deployment): Promise<void> {
  const name = basename(path)
  const head = Buffer.alloc(8)
  try {
    await using file = await open(path)
    await file.read(head, 0, 8, 0)
  } catch (cause) {
    throw new AppError("config_invalid", `The model file "${name}" cannot be read.`, { hint: `It was declared at ${origin}.`, cause })
  }
  const version = head.readUInt32LE(4)
  if (head.toString("latin1", 0, 4) === "GGUF" && (version === 2 || version === 3)) return
  throw new AppError("config_invalid", `The file "${name}" is no GGUF file of version 2 or 3.`, { hint: `It was declared at ${origin}.` })
}

function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1)
}

async function grammarFor(llama: Llama, call: ModelCall): Promise<unknown> {
  const schema = forcedSchema(call)?.schema ?? schemaOf(call.responseFormat)
  if (schema === undefined) return undefined
  try {
    return schema === "json" ? await llama.getGrammarFor("json") : await llama.createGrammarForJsonSchema(schema)
  } catch (cause) {
    throw new AppError("unsupported_value", `This JSON Schema cannot be enforced by llama.cpp: ${messageOf(cause)}`, {
      param: "response_format",
      cause,
    })
  }
}

interface Used {
  inputTokens: number
  outputTokens: number
}

function usedBy({ tokenMeter }: LlamaSequence): Used {
  return { inputTokens: tokenMeter.usedInputTokens, outputTokens: tokenMeter.usedOutputTokens }
}

function usageSince(before: Used, sequence: LlamaSequence): ModelUsage {
  const now = usedBy(sequence)
  const inputTokens = now.inputTokens - before.inputTokens
  return { inputTokens, outputTokens: now.outputTokens - before.outputTokens, cachedTokens: 0, reasoningTokens: 0, estimated: false }
}

function failure(error: unknown): unknown {
  return error instanceof AppError ? error : new AppError("server_error", `llama.cpp failed: ${messageOf(error)}`, { cause: error })
}
