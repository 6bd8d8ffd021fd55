// The routes of blocks: texts by path, written by compare-and-swap past the gate, and the commands of the memory tool.
import { blockListQuerySchema, blockPutRequestSchema, memoryCommandSchema } from "@perdure/contract"
import { Hono, type Context } from "hono"
import { writersLabel, type Block, type Blocks, type MemoryCommand, type Swap } from "../../context/index.ts"
import { AppError } from "../../core/index.ts"
import { unknownLabel } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { memoryCaller } from "../memory-caller.ts"
import { answer } from "./answer.ts"
import { preconditionFailed, preconditionOf, versioned } from "./preconditions.ts"
import { writeRecorded, type ScopeRecording } from "./scope-writes.ts"

export interface BlockRoutesOptions extends ScopeRecording {
  blocks: Blocks
}

const rowsDefault = 20
const blockPath = "/v1/blocks/:scope/:path{.+}"

export function blockRoutes(options: BlockRoutesOptions): Hono<HttpEnv> {
  const { blocks } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/blocks/:scope", async (context) => {
    const { under, after, limit = rowsDefault } = readQuery(context, blockListQuerySchema)
    const rows = await blocks.list(memoryCaller(options.gate, context.get("principal")), context.req.param("scope"), {
      under,
      after,
      limit: limit + 1,
    })
    const page = rows.slice(0, limit)
    return answer({ blocks: page, next: rows.length > limit ? (page.at(-1)?.path ?? null) : null })
  })
  routes.post("/v1/blocks/:scope", (context) => command(options, context, context.req.param("scope")))
  const versions = async (context: Context<HttpEnv>, scope: string, path: string): Promise<Response> =>
    answer({ versions: await blocks.versions(memoryCaller(options.gate, context.get("principal")), scope, path) })
  // A pattern of many segments takes the last word of the address too.
  routes.get("/v1/blocks/:scope/:path/versions", (context) => versions(context, context.req.param("scope"), context.req.param("path")))
  routes.post("/v1/blocks/:scope/:path/confirm", (context) => confirm(options, context, context.req.param()))
  routes.post("/v1/blocks/:scope/*", (context) => {
    const path = decodeURIComponent(context.req.path.split("/").slice(4).join("/"))
    const suffix = "/confirm"
    if (!path.endsWith(suffix)) throw new AppError("method_not_allowed", "A block does not take POST.", { hint: "Write it with PUT." })
    return confirm(options, context, { scope: context.req.param("scope"), path: path.slice(0, -suffix.length) })
  })
  routes.get(blockPath, async (context) => {
    const { scope, path } = context.req.param()
    const suffix = "/versions"
    if (path.endsWith(suffix)) return versions(context, scope, path.slice(0, -suffix.length))
    return versioned(await blocks.get(memoryCaller(options.gate, context.get("principal")), scope, path))
  })
  routes.put(blockPath, async (context) => {
    const { scope, path } = context.req.param()
    const body = await readBody(context, blockPutRequestSchema)
    const caller = memoryCaller(options.gate, context.get("principal"))
    const write = { ...body, scope, path, precondition: preconditionOf(context), label: writersLabel(caller) }
    const what = { name: "block.write", action: "memory.write", scope, entry: path } as const
    return answerSwap(await writeRecorded(options, context, what, (runId) => blocks.put(caller, { ...write, runId })))
  })
  routes.delete(blockPath, async (context) => {
    const { scope, path } = context.req.param()
    const caller = memoryCaller(options.gate, context.get("principal"))
    const write = { scope, path, precondition: preconditionOf(context), label: writersLabel(caller) }
    const what = { name: "block.delete", action: "memory.delete", scope, entry: path } as const
    const swap = await writeRecorded(options, context, what, (runId) => blocks.delete(caller, { ...write, runId }))
    return swap.written
      ? answer({ scope: swap.value.scope, path: swap.value.path, deleted: true, seq: swap.seq })
      : preconditionFailed(swap.current)
  })
  return routes
}

function answerSwap(swap: Swap<Block>): Response {
  return swap.written ? versioned({ ...swap.value, seq: swap.seq }) : preconditionFailed(swap.current)
}

/** What is confirmed is the text that was read, so the request must say which. */
async function confirm(
  options: BlockRoutesOptions,
  context: Context<HttpEnv>,
  { scope = "", path = "" }: Record<string, string>,
): Promise<Response> {
  const precondition = preconditionOf(context)
  if (precondition === undefined || precondition.kind === "absent" || precondition.kind === "present")
    throw new AppError("missing_required_parameter", "A confirmation names the text that was read.", {
      param: "If-Match",
      hint: 'Send If-Match with the version ("3") or the sha256 of the block.',
    })
  const caller = memoryCaller(options.gate, context.get("principal"))
  const write = { scope, path, precondition, label: writersLabel(caller) }
  const what = { name: "block.confirm", action: "memory.write", scope, entry: path } as const
  return answerSwap(await writeRecorded(options, context, what, (runId) => options.blocks.confirm(caller, { ...write, runId })))
}

/** A model asked for it, in words that nobody here can vouch for. */
async function command(options: BlockRoutesOptions, context: Context<HttpEnv>, scope: string): Promise<Response> {
  const body: MemoryCommand = await readBody(context, memoryCommandSchema)
  const caller = memoryCaller(options.gate, context.get("principal"))
  const label = { ...unknownLabel(caller.projectId), sources: [`agent:${caller.principal}`] }
  const request = { scope, command: body, label }
  const told = ({ text, isError, seq }: Awaited<ReturnType<Blocks["command"]>>): Response => answer({ result: text, isError, seq })
  if (body.command === "view") return told(await options.blocks.command(caller, request))
  const entry = body.command === "rename" ? body.old_path : body.path
  const action = body.command === "delete" ? "memory.delete" : "memory.write"
  const swap = await writeRecorded(options, context, { name: `block.${body.command}`, action, scope, entry, label }, async (runId) => {
    const value = await options.blocks.command(caller, { ...request, runId })
    return { written: true, value, seq: value.seq ?? 0 }
  })
  if (!swap.written) throw new Error("a command has no precondition")
  return told(swap.value)
}
