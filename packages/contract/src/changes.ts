// Wire schemas of the change log: what changed in a scope, in the order of the commits, with cursors.
import { z } from "zod"
import { epochMs, pageLimit } from "./shared.ts"

export const scopeName = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: "Whose it is, for example `user:ada`, `agent:support/user:ada`, `project`" })

const seq = z.int().min(0)
const readerName = z.string().regex(/^[\w.:-]{1,100}$/, "must be 1 to 100 letters, digits, dots, colons, dashes and underscores")

export const changeSchema = z
  .object({
    seq: seq.meta({ description: "Counts the changes of the scope without a gap, in the order of their commits" }),
    scope: z.string(),
    entry: z.string().meta({ description: "The id of a memory, the path of a block, the key of a state" }),
    kind: z.string(),
    op: z.string(),
    versionId: z.string().nullable(),
    principal: z.string(),
    at: epochMs,
  })
  .meta({ id: "Change" })

export const changePageQuerySchema = z.strictObject({
  scope: scopeName,
  after: z.coerce.number().int().min(0).optional().meta({ description: "The last number that the reader has; 0 when absent" }),
  reader: readerName.optional().meta({ description: "Begin where this named reader stands, unless `after` says where" }),
  limit: pageLimit.optional(),
  waitMs: z.coerce.number().int().min(0).max(30_000).optional().meta({ description: "Wait so long for the first change" }),
  stream: z
    .enum(["true", "false"])
    .optional()
    .meta({ description: "`true`, or an Accept of text/event-stream: an event stream without end" }),
})

export const changePageSchema = z
  .object({
    changes: z.array(changeSchema),
    next: seq.meta({ description: "What to ask for next, as `after`" }),
    head: seq.meta({ description: "The last number of the scope" }),
  })
  .meta({ id: "ChangePage" })

export const changeCursorRequestSchema = z.strictObject({ scope: scopeName, reader: readerName, seq })
export const changeCursorSchema = z.object({ scope: z.string(), reader: z.string(), seq }).meta({ id: "ChangeCursor" })

export type Change = z.infer<typeof changeSchema>
export type ChangePage = z.infer<typeof changePageSchema>
export type ChangePageQuery = z.input<typeof changePageQuerySchema>
export type ChangeCursor = z.infer<typeof changeCursorSchema>

export const changeRoutes = [
  {
    method: "GET",
    path: "/v1/changes",
    summary:
      "Read what changed in a scope after a number: a page, a page that is waited for, or a stream that is taken up with Last-Event-ID",
    query: changePageQuerySchema,
    response: changePageSchema,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/changes/cursors",
    summary: "Say how far a named reader has come; a cursor only goes forward",
    request: changeCursorRequestSchema,
    response: changeCursorSchema,
  },
] as const
