// The memory of one light run: what is put before its model and told of that, and what is kept of it once it is answered.
import { createHash } from "node:crypto"
import { clientItemLabel, queryCharactersMax, type AssembledContext, type MemoryWish, type TurnToRemember } from "../../agents/index.ts"
import { parseScope } from "../../context/index.ts"
import { AppError, messageOf, type JsonObject, type JsonValue } from "../../core/index.ts"
import { joinLabels, userLabel, type Label } from "../../security/index.ts"
import type { CallMemories } from "../memory/call-memories.ts"
import type { AnswerGatherer, SaidAnswer, SaidRequest } from "../memory/dialect-memory.ts"
import { memoryWish, requireWished } from "../memory/memory-wish.ts"
import { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { FrameFilter } from "./frame-filter.ts"
import type { LightCall } from "./light-call.ts"
import type { Asked } from "./prepare.ts"
import type { FilesByMessage } from "./stored-files.ts"

export interface CallMemoryOptions {
  memories: CallMemories
  dialect: ClientDialect & Required<Pick<ClientDialect, "memory">>
  call: LightCall
  /** Stored files that the request names. */
  files: FilesByMessage | undefined
  waitMsMax: number
  now: () => number
}

/** Undefined where the call has none, which costs two looks where nothing is configured. Throws for a wish that cannot be. */
export function openMemory(
  memories: CallMemories | undefined,
  options: Omit<CallMemoryOptions, "memories">,
  { body, model }: Asked,
): CallMemory | undefined {
  if (!memories || (body.perdure === undefined && memories.isEmpty)) return undefined
  const { memory: wish, rest } = memoryWish(body.perdure)
  if (wish === undefined) {
    const { principal } = options.call.hot
    const set = memories.defaultOf({ principal, model: model.name, user: options.call.request.user })
    if (set === undefined) return undefined
    return new CallMemory({ ...options, memories }, "wish" in set ? set.wish : set.skipped, { isOwn: false, rest })
  }
  requireWished(options.call.hot.principal, wish)
  for (const scope of wish?.scopes ?? []) parseScope(scope, "perdure.memory")
  return new CallMemory({ ...options, memories }, wish ?? "the request wants none", { isOwn: wish !== null, rest })
}

export class CallMemory {
  readonly #options: CallMemoryOptions
  /** Undefined where there is none for this call after all. */
  readonly #wish: MemoryWish | undefined
  /** The request asked for it itself: it is refused what it may not have, and told in its answer. */
  readonly #isOwn: boolean
  readonly #rest: JsonValue | undefined
  #said: SaidRequest | undefined
  #given: AssembledContext | undefined
  #manifest: JsonObject
  #answer: SaidAnswer | undefined
  #gatherer: AnswerGatherer | undefined

  constructor(options: CallMemoryOptions, wish: MemoryWish | string, { isOwn, rest }: { isOwn: boolean; rest: JsonValue | undefined }) {
    this.#options = options
    this.#wish = typeof wish === "string" ? undefined : wish
    this.#isOwn = isOwn
    this.#rest = rest
    this.#manifest = typeof wish === "string" ? { status: "skipped", reason: wish } : { status: "nothing", scopes: wish.scopes }
  }

  /** Most of what it may add to the input. */
  get tokensMax(): number {
    return this.#wish?.recall?.budget_tokens ?? 0
  }

  /** `go` follows with the request as the model gets it; what is thrown is the answer. */
  async give(asked: Asked): Promise<Asked> {
    const body = { ...asked.body, perdure: this.#rest }
    if (this.#wish === undefined) return { ...asked, body }
    const parsed = body.parsed()
    this.#said = this.#options.dialect.memory.read(parsed)
    if (this.#wish.recall === null) return { ...asked, body }
    this.#given = await this.#assembled(this.#wish, this.#said)
    if (this.#given === undefined || isEmpty(this.#given)) return { ...asked, body }
    const { dialect, call } = this.#options
    const changed = dialect.memory.withContext(parsed, this.#given)
    const read = dialect.readBody(new BodyBytes([Buffer.from(JSON.stringify(changed))]))
    call.request.inputTokensEstimated = read.inputTokensEstimated
    return { ...asked, body: { ...read, perdure: this.#rest }, sent: parsed }
  }

  headers(): Record<string, string> {
    const { status, entries, wordsOnly } = this.#manifest
    const count = Array.isArray(entries) ? entries.length : 0
    const how = wordsOnly === undefined ? "" : "; words-only"
    return { "x-perdure-memory": status === "assembled" ? `entries=${count}${how}` : (status as string) }
  }

  /** A streamed answer passes, and is read on its way. */
  filter(inner: FrameFilter | undefined): FrameFilter | undefined {
    if (!this.#wish?.remember) return inner
    const gatherer = this.#options.dialect.memory.openGatherer()
    this.#gatherer = gatherer
    const read = <T extends Awaited<ReturnType<FrameFilter["take"]>>>(frames: T): T => {
      for (const frame of frames) gatherer.take(frame)
      return frames
    }
    const through = (frames: ReturnType<FrameFilter["take"]>): ReturnType<FrameFilter["take"]> =>
      frames instanceof Promise ? frames.then(read) : read(frames)
    return {
      get letOut() {
        return inner?.letOut ?? true
      },
      take: (frame) => through(inner ? inner.take(frame) : [frame]),
      end: (isCut) => through(inner?.end(isCut) ?? []),
    }
  }

  /** A JSON answer, as the client gets it. */
  whole(body: Buffer): Buffer {
    let answer: JsonObject
    try {
      answer = JSON.parse(body.toString()) as JsonObject // an answer is an object
    } catch {
      return body
    }
    if (this.#wish?.remember) this.#answer = this.#options.dialect.memory.answer(answer)
    return this.#isOwn ? Buffer.from(JSON.stringify({ ...answer, perdure: { memory: this.#manifest } })) : body
  }

  /** The label of what the model was given. */
  get label(): Label {
    const { principal } = this.#options.call.hot
    const files = this.#fileIds()
    const own = [userLabel(principal.id), ...(this.#given ? [this.#given.label] : [])]
    return joinLabels(this.#said?.isMixed === true || files.length > 0 ? [...own, foreignLabel(principal.id, files)] : own)
  }

  get manifest(): JsonObject {
    return this.#manifest
  }

  /** The call is answered: `record` follows when what is kept of it is committed, so that a call with a record has its memories. */
  settled(record: (kept: JsonValue | undefined) => void): void {
    const { memories, dialect, call, now } = this.#options
    const { principal } = call.hot
    const [scope] = this.#wish?.scopes ?? []
    const turns = this.#turns()
    if (!this.#wish?.remember || scope === undefined || turns.length === 0) return record(undefined)
    const session = sessionOf(principal.id, this.#said?.opening ?? "", now())
    const asked = { scope, session, conversationId: null, runId: call.runId, turns, origin: dialect.operation }
    memories.keep({ caller: { projectId: principal.projectId, principal: principal.id, user: principal.user }, asked }, record)
  }

  #turns(): TurnToRemember[] {
    const { call } = this.#options
    const { id: principal } = call.hot.principal
    const said = this.#said?.turns ?? []
    const turns = said.map(({ role, text, attached, tool, behind }, index): TurnToRemember => {
      const fileIds = attached ? (this.#options.files?.get(behind) ?? []) : []
      const kept = { role, text, itemId: `${call.completionId}/${index}`, recalledFrom: [], fileIds }
      const foreign = foreignLabel(principal, fileIds)
      if (tool !== undefined) {
        const sources = [`tool:client:${tool}`, ...fileIds.map(fileSource)]
        return { ...kept, tool, label: joinLabels([{ ...foreign, sources }]) }
      }
      return attached ? { ...kept, label: joinLabels([userLabel(principal), foreign]) } : kept
    })
    const answer = this.#answer ?? this.#gatherer?.end()
    if (answer === undefined || !answer.isWhole || answer.text === "") return turns
    const { memoryIds: recalledFrom = [], fileIds: quoted = [] } = this.#given ?? {}
    const fileIds = [...new Set([...quoted, ...this.#fileIds()])]
    return [...turns, { role: "assistant", text: answer.text, itemId: call.completionId, label: this.label, recalledFrom, fileIds }]
  }

  #fileIds(): string[] {
    return [...new Set([...(this.#options.files?.values() ?? [])].flat())]
  }

  async #assembled(wish: MemoryWish, said: SaidRequest): Promise<AssembledContext | undefined> {
    const { memories, call, waitMsMax } = this.#options
    const { projectId, id: principal, user } = call.hot.principal
    const query = said.question.slice(0, queryCharactersMax).toWellFormed()
    // The other half is for what follows the embedding.
    const asked = { wish, query, runId: call.runId, shown: said.shown, embedWaitMs: waitMsMax / 2 }
    const signal = AbortSignal.timeout(waitMsMax)
    try {
      const given = await before(signal, memories.assemble({ projectId, principal, user, said: call.request.said }, asked, signal))
      this.#manifest = { status: "assembled", scopes: wish.scopes, ...(given.manifest as JsonObject) } // an object
      return given
    } catch (error) {
      this.#without(wish, error)
      return undefined
    }
  }

  /** It goes on without memory, and says so, unless that is not what its caller wants. */
  #without(wish: MemoryWish, error: unknown): void {
    const isRefusal = error instanceof AppError && error.status < 500
    if (isRefusal && (this.#isOwn || wish.required === true)) throw error.code === "permission_denied" ? notAllowed(wish) : error
    const reason = error instanceof AppError ? error.code : "server_error"
    if (wish.required === true)
      throw new AppError("memory_unavailable", `what ${wish.scopes.join(", ")} holds could not be read: ${messageOf(error)}`, {
        hint: 'Send it again, or without "required": then it is answered without memory.',
        retryAfterMs: 1_000,
      })
    this.#manifest = { status: isRefusal ? "refused" : "unavailable", reason, scopes: wish.scopes, entries: [], cut: [] }
  }
}

/** The same whether the scope exists, is granted to others, or belongs to another end user. */
function notAllowed({ scopes }: MemoryWish): AppError {
  const names = scopes.map((scope) => `"${scope}"`).join(", ")
  return new AppError("permission_denied", `this key may not use the memory of ${scopes.length === 1 ? names : `one of ${names}`}`, {
    param: "perdure.memory",
    hint: "Name a scope of its own, or ask whoever manages memories.",
  })
}

function foreignLabel(principal: string, fileIds: readonly string[] = []): Label {
  const label = clientItemLabel({ type: "message", role: "assistant", id: "" }, principal)
  return { ...label, sources: [...label.sources, ...fileIds.map(fileSource)] }
}

function fileSource(fileId: string): string {
  return `file:${fileId}`
}

function isEmpty({ instructions, standing, recalled }: AssembledContext): boolean {
  return instructions === "" && standing === "" && recalled === ""
}

/** Rejects when the time is up, whatever becomes of the work. */
function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new AppError("database_timeout", "memory did not answer in time")), { once: true })
    work.then(resolve, reject)
  })
}

/** Calls of one conversation begin alike; what begins alike on another day is another one. */
function sessionOf(principal: string, opening: string, now: number): string {
  const day = new Date(now).toISOString().slice(0, 10)
  return `chat_${createHash("sha256")
    .update(JSON.stringify([principal, day, opening]))
    .digest("hex")
    .slice(0, 24)}`
}
