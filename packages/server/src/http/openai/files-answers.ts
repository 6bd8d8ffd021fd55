// Answers that OpenAI's file, vector store and conversation routes share: pages with a cursor, times in seconds.
import { z } from "zod"
import type { StoredFile } from "../../store/index.ts"

/** Times on OpenAI's wire are whole seconds. */
export function seconds(epochMs: number): number {
  return Math.floor(epochMs / 1000)
}

export function jsonAnswer(value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { headers: { "content-type": "application/json; charset=utf-8", ...headers } })
}

export interface PageQuery {
  after: string | undefined
  before: string | undefined
  limit: number
  ascending: boolean
}

/** A page as asked for; a larger limit than ours gives fewer rows and `has_more`, which clients follow. */
export function pageQuery(
  query: { after?: string | undefined; before?: string | undefined; limit?: number | undefined; order?: "asc" | "desc" | undefined },
  rowsMax: number,
): PageQuery {
  return { after: query.after, before: query.before, limit: Math.min(query.limit ?? 20, rowsMax), ascending: query.order === "asc" }
}

/** A page from one row more than its limit. */
export function cursorPage(rows: readonly ({ id: string } & Record<string, unknown>)[], limit: number): Record<string, unknown> {
  const data = rows.slice(0, limit)
  return { object: "list", data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: rows.length > limit }
}

/** Ours: the scope to which something new belongs; its maker's own where a request does not say. */
export const ownerFields = z.strictObject({ owner: z.string().min(1).max(300).optional() }).nullish()

/** Ours, and told where it is not the project's own. */
export function wireOwner({ owner }: { owner: string }): { perdure?: { owner: string } } {
  return owner === "project" ? {} : { perdure: { owner } }
}

export function wireUploadedFile(file: StoredFile): { id: string } & Record<string, unknown> {
  return {
    id: file.id,
    object: "file",
    bytes: file.bytes,
    created_at: seconds(file.createdAt),
    ...(file.expiresAt === null ? {} : { expires_at: seconds(file.expiresAt) }),
    filename: file.filename,
    purpose: file.purpose,
    status: "processed",
    status_details: null,
    ...wireOwner(file),
  }
}
