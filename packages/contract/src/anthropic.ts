// Anthropic's wire shapes as far as the route table needs them: what is read here; everything else passes unchanged.
import { z } from "zod"

const count = z.int().min(0)

export const messagesRequestSchema = z
  .looseObject({
    model: z.string(),
    max_tokens: z.int().min(1),
    messages: z.array(z.looseObject({ role: z.string() })).min(1),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "MessagesRequest", description: "As Anthropic's; unknown fields reach the provider unchanged" })
export const messageSchema = z
  .looseObject({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    model: z.string(),
    content: z.array(z.looseObject({ type: z.string() })),
    stop_reason: z.string().nullable(),
    stop_sequence: z.string().nullable(),
    usage: z.looseObject({ input_tokens: count, output_tokens: count }),
  })
  .meta({ id: "Message" })
export const countTokensRequestSchema = messagesRequestSchema.omit({ max_tokens: true, stream: true }).meta({ id: "CountTokensRequest" })
export const tokenCountSchema = z.looseObject({ input_tokens: count }).meta({ id: "TokenCount" })
