// Wire schemas of feedback: scores that were given to runs.
import { z } from "zod"
import { epochMs } from "./shared.ts"

const scoreName = z
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
    createdAt: epochMs,
    updatedAt: epochMs,
  })
  .meta({ id: "Feedback" })
export const feedbackCreateRequestSchema = z.strictObject({
  runId,
  name: scoreName,
  value,
  comment: z.string().max(8_000).nullish(),
  idempotencyKey: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "Scores of one name, run and key replace each other: one for each end user, for example" }),
})
export const feedbackListQuerySchema = z.strictObject({ runId })
export const feedbackListSchema = z.object({ feedback: z.array(feedbackSchema) }).meta({ id: "FeedbackList" })

export type Feedback = z.infer<typeof feedbackSchema>
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
    summary: "List the scores of a run",
    query: feedbackListQuerySchema,
    response: feedbackListSchema,
  },
] as const
