// Scopes as people look after them: their settings, and who may use them.
import { AppError, type Clock } from "../../core/index.ts"
import {
  memoryWork,
  scopeGrants,
  scopes,
  type Queryable,
  type ScopeSettings,
  type Store,
  type StoredGrant,
  type StoredScope,
} from "../../store/index.ts"
import { memoryScopeId } from "../memory/index-scopes.ts"
import { hasScopeRight, requireScopeRight, type MemoryCaller, type ScopeRight } from "./access.ts"
import { parseScope } from "./scope-name.ts"

/** To a principal, or to the end user that keys act for. */
export type ScopeGrant = ({ principal: string; user?: undefined } | { user: string; principal?: undefined }) & {
  can: readonly ScopeRight[]
}

export interface Scope extends ScopeSettings {
  path: string
  kind: string
  parent: string | null
  grants: ScopeGrant[]
  /** What can be found in it: evidence and what was derived. */
  entries: number
  createdAt: number
}

/** What is absent stays as it is; grants are replaced as a whole. */
export type ScopePatch = { [Name in keyof ScopeSettings]?: ScopeSettings[Name] | undefined } & {
  grants?: readonly ScopeGrant[] | undefined
}

export interface Scopes {
  /** Those that the caller may read, in the order of their paths; `next`: what to go on after, null at the end. */
  list(caller: MemoryCaller, after: string | undefined, limit: number): Promise<{ scopes: Scope[]; next: string | null }>
  get(caller: MemoryCaller, path: string): Promise<Scope>
  /** Whether the caller may do this, who calls has asked; a scope that does not exist yet is made. */
  update(caller: MemoryCaller, path: string, patch: ScopePatch): Promise<Scope>
}

export interface ScopesDependencies {
  store: Store
  clock: Clock
  /** Told of each change of what a scope keeps and may cost: something may be due earlier than was thought. */
  afterSettings: (caller: MemoryCaller, scope: string) => void
}

export function createScopes({ store, clock, afterSettings }: ScopesDependencies): Scopes {
  return {
    async list(caller, after, limit) {
      const rows = await scopes.listScopes(store.project(caller.projectId), caller.projectId, after, limit + 1)
      const page = rows.slice(0, limit)
      const readable = page.filter((row) => hasScopeRight(caller, parseScope(row.path), row, "read"))
      return {
        scopes: await counted(store.project(caller.projectId), caller.projectId, readable),
        next: rows.length > limit ? (page.at(-1)?.path ?? null) : null,
      }
    },
    async get(caller, path) {
      const name = parseScope(path)
      const [row] = await scopes.scopesByPath(store.project(caller.projectId), caller.projectId, [name.path])
      requireScopeRight(caller, name, row, "read")
      if (row?.exists !== true) throw noScope(name.path)
      return withCount(store.project(caller.projectId), caller.projectId, row)
    },
    async update(caller, path, { grants, ...settings }) {
      const { projectId } = caller
      const name = parseScope(path)
      if (settings.closed === true && name.path !== "project") throw notTheProject(name.path)
      const scope = await store.project(projectId).transaction(async (tx) => {
        await scopes.ensureScope(tx, projectId, { ...name, createdAt: clock.now() })
        const [row] = await scopes.scopesByPath(tx, projectId, [name.path])
        if (row === undefined) throw noScope(name.path)
        requireScopeRight(caller, name, row, "curate")
        await scopes.updateScope(tx, projectId, name.path, {
          retentionDays: settings.retentionDays === undefined ? row.retentionDays : settings.retentionDays,
          modelBudgetMicroUsd: settings.modelBudgetMicroUsd === undefined ? row.modelBudgetMicroUsd : settings.modelBudgetMicroUsd,
          levelMin: settings.levelMin ?? row.levelMin,
          closed: settings.closed ?? row.closed,
        })
        if (settings.modelBudgetMicroUsd !== undefined) await memoryWork.retryNow(tx, projectId, name.path, clock.now())
        if (grants !== undefined) await scopeGrants.replaceGrants(tx, projectId, name.path, storedGrants(grants), clock.now())
        const [changed = row] = await scopes.scopesByPath(tx, projectId, [name.path])
        return withCount(tx, projectId, changed)
      })
      if (settings.retentionDays !== undefined || settings.modelBudgetMicroUsd !== undefined) afterSettings(caller, scope.path)
      return scope
    },
  }
}

/** Grants to the same one are put together. */
function storedGrants(grants: readonly ScopeGrant[]): StoredGrant[] {
  const merged = new Map<string, StoredGrant>()
  for (const { principal, user, can } of grants) {
    const kind = principal === undefined ? "user" : "principal"
    const name = principal ?? user ?? ""
    const known = merged.get(`${kind} ${name}`)
    merged.set(`${kind} ${name}`, { kind, name, can: [...new Set([...(known?.can ?? []), ...can])] })
  }
  return [...merged.values()]
}

async function counted(db: Queryable, projectId: string, rows: readonly StoredScope[]): Promise<Scope[]> {
  const parts = await scopes.partsOfScopes(
    db,
    projectId,
    rows.map(({ path }) => memoryScopeId(path)),
  )
  return rows.map((row) => ({ ...fromStored(row), entries: parts.get(memoryScopeId(row.path)) ?? 0 }))
}

async function withCount(db: Queryable, projectId: string, row: StoredScope): Promise<Scope> {
  const [scope] = await counted(db, projectId, [row])
  if (scope === undefined) throw noScope(row.path)
  return scope
}

function fromStored(stored: StoredScope): Omit<Scope, "entries"> {
  const { path, kind, parent, retentionDays, modelBudgetMicroUsd, levelMin, closed, grants, createdAt } = stored
  const told = grants.map(({ kind: to, name, can }): ScopeGrant => {
    const rights = can as ScopeRight[] // written by us
    return to === "user" ? { user: name, can: rights } : { principal: name, can: rights }
  })
  return { path, kind, parent, retentionDays, modelBudgetMicroUsd, levelMin, closed, grants: told, createdAt }
}

function notTheProject(path: string): AppError {
  return new AppError("invalid_request", `The scope '${path}' cannot be closed: only a project can.`, {
    param: "closed",
    hint: "PATCH /v1/scopes/project closes all of its scopes that name no end user; grants open one of them to somebody.",
  })
}

function noScope(path: string): AppError {
  return new AppError("not_found", `No scope '${path}' in this project.`, {
    param: "scope",
    hint: "It is made when something is remembered in it, or by PATCH /v1/scopes/{scope}.",
  })
}
