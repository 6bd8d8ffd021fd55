// Wire schemas of feedback: scores that were given to runs, one by one and summed.
import { z } from "zod"
import { epochMs, pageLimit } from "./shared.ts"

export const feedbackNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "must be 1 to 64 letters, digits, dots, dashes or underscores")
  .meta({ description: "What is scored: `helpful`, `correct`" })
const value = z.union([z.number(), z.boolean(), z.string().min(1).max(200)]).meta({ description: "A number, true or false, or a category" })
const runId = z
  .string()
  .regex(/^[a-z]+_[0-9a-f]{32}$/, "must be the id of a run, a response, a completion, a message or a request of this server")
  .meta({ description: "The id of a run, or of its response, completion, message or request" })

export const feedbackSchema = z
  .object({
    id: z.string(),
    runId: z.string(),
    name: z.string(),
    value,
    comment: z.string().nullable(),
    principal: z.string(),
    experiment: z
      .object({ name: z.string(), variant: z.string() })
      .nullable()
      .meta({ description: "The experiment that its run took part in" }),
    createdAt: epochMs,
    updatedAt: epochMs,
  })
  .meta({ id: "Feedback" })
export const feedbackCreateRequestSchema = z.strictObject({
  runId,
  name: feedbackNameSchema,
  value,
  comment: z.string().max(8_000).nullish(),
  idempotencyKey: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "Scores of one name, run and key replace each other: one for each end user, for example" }),
})
export const feedbackListQuerySchema = z.strictObject({
  runId: runId.optional().meta({ description: "The scores of that run, oldest first; the newest of the project when absent" }),
  name: feedbackNameSchema.optional(),
  experiment: z.string().max(64).optional().meta({ description: "Only of runs that took part in it" }),
  before: z.string().max(64).optional().meta({ description: "Scores older than this one: `next` of the page before" }),
  limit: pageLimit.optional(),
})
export const feedbackListSchema = z
  .object({ feedback: z.array(feedbackSchema), next: z.string().nullable().meta({ description: "`before` of the next page" }) })
  .meta({ id: "FeedbackList" })
export const feedbackSumsQuerySchema = z.strictObject({
  since: z.coerce.number().int().min(0).optional().meta({ description: "Epoch milliseconds; 30 days ago when absent" }),
  until: z.coerce.number().int().min(0).optional().meta({ description: "Now when absent" }),
  name: feedbackNameSchema.optional(),
  interval: z.enum(["hour", "day"]).optional().meta({ description: "Apart for each hour or day (UTC); over the whole range when absent" }),
})
export const feedbackSumsSchema = z
  .object({
    since: epochMs,
    until: epochMs,
    rows: z.array(
      z.object({
        name: z.string(),
        category: z.string().nullable().meta({ description: "Of scores that are words; null: numbers, true and false" }),
        time: z.string().nullable(),
        count: z.int(),
        mean: z.number().nullable().meta({ description: "true counts as 1, false as 0" }),
        deviation: z.number().nullable().meta({ description: "Standard deviation" }),
      }),
    ),
  })
  .meta({ id: "FeedbackSums" })

export type Feedback = z.infer<typeof feedbackSchema>
export type FeedbackList = z.infer<typeof feedbackListSchema>
export type FeedbackListQuery = z.infer<typeof feedbackListQuerySchema>
export type FeedbackSums = z.infer<typeof feedbackSumsSchema>
export type FeedbackSumsQuery = z.infer<typeof feedbackSumsQuerySchema>
export type FeedbackCreateRequest = z.infer<typeof feedbackCreateRequestSchema>

export const feedbackRoutes = [
  {
    method: "POST",
    path: "/v1/feedback",
    summary: "Score a run; the same name and key of repetition replace the score",
    request: feedbackCreateRequestSchema,
    response: feedbackSchema,
    status: 201,
  },
  {
    method: "GET",
    path: "/v1/feedback",
    summary: "List the scores of a run, or the newest of the project",
    query: feedbackListQuerySchema,
    response: feedbackListSchema,
  },
  {
    method: "GET",
    path: "/v1/feedback/sums",
    summary: "Sum scores by name, and by hour or day",
    query: feedbackSumsQuerySchema,
    response: feedbackSumsSchema,
  },
] as const
