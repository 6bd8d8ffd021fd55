// What a response is given of its scopes before its first turn: assembled in a step, told in the log, put where each part belongs.
import { AppError, type JsonObject, type JsonValue, type Said } from "../core/index.ts"
import type { ModelMessage } from "../inference/index.ts"
import { joinIdentity, type Label } from "../security/index.ts"
import { saidOf } from "./said.ts"
import { influence, type Session } from "./session.ts"
import type { MemoryWish } from "./types.ts"
import { withContext } from "./window.ts"

/** What is put before a model; the assembler of `context` fits it. */
export interface AssembledContext {
  /** What instructs: only texts of persons. */
  readonly instructions: string
  /** Data that stands before the conversation, the same from turn to turn. */
  readonly standing: string
  /** Data that was found for this turn. */
  readonly recalled: string
  readonly manifest: JsonValue
  /** Ids of the memories in it. */
  readonly memoryIds: readonly string[]
  /** Ids of the stored files of which it has passages. */
  readonly fileIds?: readonly string[]
  readonly label: Label
}

/** `shown`: what stands before the model anyway; it is not put there again. `embedWaitMs`: how long the embedding of the question is waited for. */
export type AssembleContext = (
  caller: { projectId: string; principal: string; user: string | null; said?: Said | undefined },
  asked: { wish: MemoryWish; query: string; runId: string; shown?: readonly string[] | undefined; embedWaitMs?: number | undefined },
  signal: AbortSignal,
) => Promise<AssembledContext>

export const queryCharactersMax = 4_000

/** Gives the ids of what was put in. After a restart it is what the first attempt found. */
export async function giveContext(session: Session, question: string): Promise<readonly string[]> {
  const { context, request, dependencies } = session
  const { memory: wish } = request
  if (wish === undefined || wish.recall === null || !dependencies.assembleContext) return []
  const { projectId, principal } = context.run
  const caller = { projectId, principal, user: request.acts_for ?? null, said: saidOf(request) }
  const query = question.slice(0, queryCharactersMax).toWellFormed()
  const asked = { wish, query, runId: context.run.id, shown: session.messages.flatMap(textsOf) }
  const assembleContext = dependencies.assembleContext
  const output = await context.step(
    "context",
    async ({ signal }) => {
      const given = assembleContext(caller, asked, signal).catch((error: unknown) => without(wish, error, signal))
      return { ...(await given) } as unknown as JsonObject // plain JSON
    },
    { effect: "read", input: { scopes: wish.scopes }, label: (value) => assembledOf(value).label },
  )
  const assembled = assembledOf(output)
  influence(session, assembled.label)
  if (!context.history.some((event) => event.type === "context.assembled"))
    context.emit("context.assembled", assembled.manifest, { label: assembled.label })
  session.assembled = assembled
  session.messages = withContext(session.messages, assembled)
  session.turnsFrom = session.messages.length
  return assembled.memoryIds
}

/** What the configuration wants for a response that did not ask for it never fails it, unless it says so; the manifest tells why there is none. */
function without(wish: MemoryWish, error: unknown, signal: AbortSignal): AssembledContext {
  if (wish.by_configuration !== true || wish.required === true || signal.aborted) throw error
  const isRefusal = error instanceof AppError && error.status < 500
  const reason = error instanceof AppError ? error.code : "server_error"
  const manifest = { status: isRefusal ? "refused" : "unavailable", reason, scopes: wish.scopes, entries: [], cut: [] }
  return { instructions: "", standing: "", recalled: "", manifest, memoryIds: [], fileIds: [], label: joinIdentity }
}

function textsOf({ content }: ModelMessage): string[] {
  return typeof content === "string" ? [content] : content.flatMap((part) => (part.type === "text" ? [part.text] : []))
}

function assembledOf(value: JsonValue): AssembledContext {
  return value as unknown as AssembledContext // the output of the step above
}
