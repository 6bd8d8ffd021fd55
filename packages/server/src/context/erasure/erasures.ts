// Erasures as the rest of the server uses them: start one, wait a little, read its receipt.
import { AppError, type Clock, type NewId } from "../../core/index.ts"
import type { Runs } from "../../runs/index.ts"
import { erasures, scopes, type Store, type StoredErasure } from "../../store/index.ts"
import type { DataKeys } from "../memory/data-keys.ts"
import { writersLabel } from "../memory/labels.ts"
import { requireScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import { charsMin, keepTexts, queried } from "./texts.ts"
import type { Erasure, ErasureReceipt, ErasureTarget } from "./types.ts"
import { erasureRunName } from "./work.ts"

export interface ErasureRequest {
  target: ErasureTarget
  /** Only count. */
  dryRun: boolean
}

export interface Erasures {
  /** Starts it durably and waits a moment for its end; afterwards it goes on by itself. */
  start(caller: MemoryCaller, request: ErasureRequest, signal: AbortSignal): Promise<Erasure>
  get(projectId: string, id: string): Promise<Erasure>
  /** Newest first. */
  list(projectId: string, page: { before?: string | undefined; limit: number }): Promise<Erasure[]>
}

export interface ErasuresDependencies {
  store: Store
  runs: Pick<Runs, "start" | "ended" | "get">
  keys: DataKeys
  clock: Clock
  newId: NewId
}

const waitMs = 10_000

export function createErasures(dependencies: ErasuresDependencies): Erasures {
  const { store, runs } = dependencies
  const get = async (projectId: string, id: string): Promise<Erasure> => {
    const found = await erasures.findErasure(store.project(projectId), projectId, id)
    if (found === undefined)
      throw new AppError("not_found", `No erasure '${id}' in this project.`, { param: "id", hint: "List them with GET /v1/erasures." })
    return withRun(projectId, found)
  }
  /** One whose run was never started, or ended without saying so, does not go on. */
  const withRun = async (projectId: string, row: StoredErasure): Promise<Erasure> => {
    const erasure = erasureOf(row)
    if (erasure.status !== "in_progress" || dependencies.clock.now() - erasure.createdAt < waitMs) return erasure
    const run = await runs.get(projectId, erasure.runId)
    return run === undefined || run.finishedAt !== null ? { ...erasure, status: "failed" } : erasure
  }
  return {
    get,
    list: async (projectId, { before, limit }) =>
      Promise.all((await erasures.listErasures(store.project(projectId), projectId, before, limit)).map((row) => withRun(projectId, row))),
    async start(caller, request, signal) {
      const { projectId, principal } = caller
      const target = checkedTarget(request.target)
      await requireTarget(dependencies, caller, target)
      const id = dependencies.newId("era")
      const runId = dependencies.newId("run")
      await insert(dependencies, caller, { id, runId }, { ...request, target })
      const title = target.kind === "query" ? "a query" : `${target.kind} ${target.name}`
      const input = { erasureId: id }
      await runs.start({ id: runId, projectId, principal, kind: "memory", name: erasureRunName, title, input, label: writersLabel(caller) })
      await runs.ended(projectId, runId, AbortSignal.any([signal, AbortSignal.timeout(waitMs)])).catch(() => undefined)
      return get(projectId, id)
    },
  }
}

function checkedTarget(target: ErasureTarget): ErasureTarget {
  if (target.kind === "scope") return { kind: "scope", name: parseScope(target.name).path }
  if (target.kind !== "query") return target
  if (target.name.trim().length < charsMin) {
    throw new AppError("invalid_request", `A query of erasure has at least ${charsMin} characters.`, {
      param: "query",
      hint: "It is taken out of every text in the project, literally: name what occurs nowhere else.",
    })
  }
  return { ...target, withinScope: target.withinScope === undefined ? undefined : parseScope(target.withinScope).path }
}

async function requireTarget({ store }: ErasuresDependencies, caller: MemoryCaller, target: ErasureTarget): Promise<void> {
  const path = target.kind === "scope" ? target.name : target.withinScope
  if (path !== undefined) {
    const [stored] = await scopes.scopesByPath(store.project(caller.projectId), caller.projectId, [path])
    requireScopeRight(caller, parseScope(path), stored, "erase")
  }
  if (
    caller.user !== null &&
    caller.user !== undefined &&
    (target.kind !== "scope" || !parseScope(target.name).users.includes(caller.user))
  ) {
    throw new AppError("permission_denied", `This key acts for the user '${caller.user}' and can erase only scopes of that user.`, {
      hint: "Use a key that acts for no user.",
    })
  }
}

async function insert(
  dependencies: ErasuresDependencies,
  { projectId, principal }: MemoryCaller,
  { id, runId }: { id: string; runId: string },
  { target, dryRun }: ErasureRequest,
): Promise<void> {
  const { store, clock } = dependencies
  await store.project(projectId).transaction(async (tx) => {
    await erasures.insertErasure(tx, projectId, {
      id,
      runId,
      principal,
      dryRun,
      targetKind: target.kind,
      target: target.kind === "query" ? null : target.name,
      withinScope: target.withinScope ?? null,
      createdAt: clock.now(),
    })
    if (target.kind === "query") await keepTexts(dependencies, tx, { projectId, erasureId: id, id: "query" }, queried(target))
  })
}

function erasureOf(row: StoredErasure): Erasure {
  const { targetKind, target, withinScope, receipt, ...rest } = row
  return { ...rest, target: { kind: targetKind, name: target, scope: withinScope }, receipt: receipt as unknown as ErasureReceipt | null } // written by us
}
