// To whom conversations, files, vector stores and batches belong, and which of them a caller reaches: the walls of scopes, for whole rows.
//
// A key that acts for an end user reaches what belongs to them, what a grant of a scope gives them, and reads what is the project's.
// Any other caller reaches all of its project. What is not reached is not there.
import { AppError } from "../core/index.ts"
import { scopes, type Owners, type Queryable, type StoredScope } from "../store/index.ts"
import { hasScopeRight, type MemoryCaller } from "./scopes/access.ts"
import { parseScope } from "./scopes/scope-name.ts"

/** Who asks, and the end user that it acts for: null for none. */
export interface ActingCaller extends MemoryCaller {
  user: string | null
}

export interface Reach {
  read: Owners
  /** To change, add to and delete. */
  write: Owners
}

export const projectOwner = "project"
const all: Reach = { read: null, write: null }

/** The server's own work on what somebody was let do before. */
export function wholeProject(projectId: string): ActingCaller {
  return { projectId, principal: "system", user: null }
}

/** One statement for a key that acts for an end user, none for others. */
export async function reachOf(db: Queryable, { projectId, principal, user: named }: ActingCaller): Promise<Reach> {
  if (named === null) return all
  const user = named.normalize("NFC")
  const caller = { projectId, principal, user }
  const own = ownScope(user)
  const stored = await scopes.scopesOfGrantee(db, projectId, { user, principal }, [own, projectOwner])
  const may = (row: StoredScope, right: "read" | "write"): boolean => hasScopeRight(caller, parseScope(row.path), row, right)
  const pick = (right: "read" | "write"): string[] => {
    const reached = stored.filter((row) =>
      right === "write" && row.path === projectOwner && row.grants.length === 0 ? false : may(row, right),
    )
    return reached.map(({ path }) => path)
  }
  const isThere = (path: string): boolean => stored.some((row) => row.path === path)
  // A scope that nothing was written to has no row, and no grants.
  const [unstored, shared] = [isThere(own) ? [] : [own], isThere(projectOwner) ? [] : [projectOwner]]
  return { read: [...unstored, ...shared, ...pick("read")], write: [...unstored, ...pick("write")] }
}

/** Of something new: as asked, else the end user that the caller acts for, else the project. */
export async function newOwner(db: Queryable, caller: ActingCaller, asked: string | undefined): Promise<string> {
  const { user } = caller
  if (asked === undefined) return user === null ? projectOwner : ownScope(user)
  const { path } = parseScope(asked, ownerParam)
  const { write } = await reachOf(db, caller)
  if (write === null || write.includes(path)) return path
  throw new AppError("permission_denied", `This key acts for the user '${user ?? ""}' and cannot give anything to '${path}'.`, {
    param: ownerParam,
    hint: "Leave the owner out, use a key that acts for no user, or have the right `write` granted in that scope.",
  })
}

const ownerParam = "perdure.owner"

/** Throws where the caller only reads it. */
export function requireWritable(
  { write }: Reach,
  { user }: ActingCaller,
  what: string,
  { id, owner }: { id: string; owner: string },
): void {
  if (write === null || write.includes(owner)) return
  throw new AppError(
    "permission_denied",
    `The ${what} '${id}' belongs to '${owner}'; a key that acts for the user '${user ?? ""}' only reads it.`,
    {
      hint: `Make one of your own, use a key that acts for no user, or have the right \`write\` granted in the scope '${owner}'.`,
    },
  )
}

/** The end user that something belongs to; null where it belongs to none alone. */
export function userOfOwner(owner: string): string | null {
  return owner.startsWith("user:") ? owner.slice("user:".length) : null
}

function ownScope(user: string): string {
  return `user:${user.normalize("NFC")}`
}
