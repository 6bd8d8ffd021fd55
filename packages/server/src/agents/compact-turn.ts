// Compaction in the course of a response: what has grown past the threshold is summarised in a step, shown as an item, and goes on as its summary.
import type { JsonObject } from "../core/index.ts"
import { addUsage, noUsage, type ModelUsage } from "../inference/index.ts"
import type { StepContext } from "../runs/index.ts"
import { joinLabels } from "../security/index.ts"
import { carry } from "./chain.ts"
import { nothingToCompact } from "./compaction.ts"
import { shownMessages } from "./edit-turn.ts"
import { callRouting, declaredTools, inputCall } from "./input-call.ts"
import { saidOf } from "./said.ts"
import { influence, recordUsage, type Session } from "./session.ts"
import { extract, UnusableSummary, type Spent } from "./summarise.ts"
import { summariseAll } from "./summarise-parts.ts"
import { sealSummary, windowOf, type Summary } from "./summary.ts"
import { citationsOf, citedSummary, extractOf, keptCharactersMax, keptVerbatim, markedTranscript, type Citation } from "./transcript.ts"
import type { LabelledItem, ResponseItem } from "./types.ts"
import { currentItems, cutForCompaction, isCitable, isOfTurn, replaceWindow, withoutMarks } from "./window.ts"

/** What the step leaves in the journal. */
interface Made {
  readonly text: string
  readonly citations: readonly Citation[]
  readonly usage: ModelUsage
  /** Why there is no summary, although the model answered: the response goes on as it is. */
  readonly unusable: string | null
}

/** Before a turn. After a restart it does what the attempt before had begun, and no more. */
export async function compactBeforeTurn(session: Session, turn: number): Promise<void> {
  const { context, request } = session
  const wish = request.context_management?.compaction
  if (!wish) return
  const begun = happened(session, "context.compacting", turn)
  if (!begun && happened(session, "turn.started", turn)) return
  const items = currentItems(session)
  const { before, tail } = cutForCompaction(items)
  const kept = keptVerbatim(before, Math.min(keptCharactersMax, wish.threshold_tokens))
  if (!saves(before, kept)) return
  if (!begun) {
    const tools = declaredTools(session.tools, session.dependencies.quotesPassages(request.model))
    const { tokens } = await session.dependencies.countTokens(inputCall(request, shownMessages(session).messages, tools), context.signal)
    if (tokens < wish.threshold_tokens) return
    context.emit("context.compacting", { turn, tokens, thresholdTokens: wish.threshold_tokens, items: before.length })
  }
  await compact(session, turn, { before, kept, tail })
}

/** `compaction_trigger`: the whole of it, and nothing is answered. */
export async function compactAll(session: Session): Promise<void> {
  const items = currentItems(session)
  if (markedTranscript(items.map(({ item }) => item)).text === "") throw nothingToCompact()
  if (!happened(session, "context.compacting", 0)) session.context.emit("context.compacting", { turn: 0, items: items.length })
  const { unusable } = await compact(session, 0, { before: items, kept: keptVerbatim(items), tail: [] })
  if (unusable !== null) throw new UnusableSummary(unusable)
}

function happened({ context }: Session, type: string, turn: number): boolean {
  return context.history.some((event) => event.type === type && (event.data as JsonObject)["turn"] === turn)
}

/** What was compacted already, and what stays word for word, is not compacted again. */
function saves(before: readonly LabelledItem[], kept: readonly LabelledItem[]): boolean {
  const stays = new Set(kept)
  return before.some((each) => !stays.has(each) && each.item["compacted"] !== true && each.item.type !== "reasoning")
}

interface Parts {
  readonly before: readonly LabelledItem[]
  readonly kept: readonly LabelledItem[]
  readonly tail: readonly LabelledItem[]
}

async function compact(session: Session, turn: number, { before, kept, tail }: Parts): Promise<Made> {
  const { context, dependencies, request } = session
  const label = joinLabels([session.label, ...before.map((each) => each.label)])
  const output = await context.step(
    `compaction:${turn}`,
    async (step) => ({ ...(await make(session, turn, before, step)) }) as unknown as JsonObject, // plain JSON
    { effect: "read", input: { model: request.model }, label },
  )
  const made = output as unknown as Made // written above
  session.contextUsage = addUsage(session.contextUsage, made.usage)
  influence(session, label)
  if (made.unusable !== null) {
    if (!happened(session, "context.compaction_failed", turn))
      context.emit("context.compaction_failed", { turn, reason: made.unusable }, { label })
    return made
  }
  const summary: Summary = { text: made.text, label, window: { kept: carry(kept), tail: carry(tail) } }
  const item = show(session, turn, {
    encrypted_content: sealSummary(dependencies.sealer, context.run.projectId, summary),
    ...citationsOf(made.citations),
  })
  const staying = new Set(tail.filter(isOfTurn).map((each) => each.item.id))
  const rest = tail.filter((each) => !isOfTurn(each))
  await replaceWindow(session, [...windowOf(item, { ...summary, window: { kept: carry(kept), tail: carry(rest) } })], (id) =>
    staying.has(id),
  )
  return made
}

async function make(session: Session, turn: number, items: readonly LabelledItem[], { signal }: StepContext): Promise<Made> {
  const { context, dependencies, request } = session
  const plain = items.map(({ item }) => item)
  const { text: transcript, marks } = markedTranscript(plain)
  const spent: Spent = { usage: noUsage, deployment: undefined }
  const { id: runId, projectId, principal } = context.run
  const call = { ...inputCall(request, [], []), outputTokensMax: null }
  const caller = { endpoint: "responses", runId, projectId, principal, user: request.user, said: saidOf(request) } as const
  const asked = { call, held: request.instructions, transcript, spent, signal, caller, routing: callRouting(request) }
  const bill = (): void => {
    if (spent.deployment) recordUsage(session, turn, spent.deployment, spent.usage)
  }
  try {
    const written = dependencies.quotesPassages(request.model)
      ? await extract(dependencies.countTokens, asked, extractOf(plain))
      : await summariseAll(dependencies, { ...asked, isPatient: turn > 1 || request.background })
    bill()
    const { text, citations } = citedSummary(written, marks)
    const citable = citations.filter(({ itemId }) => isCitable(itemId))
    return { text: withoutMarks(text), citations: citable, usage: spent.usage, unusable: null }
  } catch (error) {
    if (spent.usage.outputTokens > 0 || error instanceof UnusableSummary) bill()
    if (!(error instanceof UnusableSummary)) throw error
    return { text: "", citations: [], usage: spent.usage, unusable: error.message }
  }
}

/** The item of this compaction: a new one, or the one that an earlier attempt added. */
function show(session: Session, turn: number, sealed: JsonObject): ResponseItem {
  const { context, writer } = session
  const earlier = context.history.find((event) => event.type === "context.compacted" && (event.data as JsonObject)["turn"] === turn)
  const index = earlier && ((earlier.data as JsonObject)["outputIndex"] as number)
  if (index !== undefined && index < writer.log.size) {
    return writer.log.openItems().includes(index) ? writer.closeItem(index, "completed", sealed) : writer.log.item(index)
  }
  context.emit("context.compacted", { turn, outputIndex: writer.log.size }, { label: session.label })
  return writer.closeItem(writer.addItem({ type: "compaction", encrypted_content: "" }), "completed", sealed)
}
