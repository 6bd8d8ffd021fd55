// Pieces that several schemas share: JSON values, times, labels, pages, the error body.
import { z } from "zod"

/** Any JSON value; what runs carry as input, output and event data. Read-only, as everything that came over the wire. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/** Bodies are parsed JSON before a schema sees them, so only presence is left to check; a recursive schema would cost time and say no more. */
export const jsonValue = z.custom<JsonValue>((value) => value !== undefined, { error: "required but missing" })

/** Epoch milliseconds. Names of times end in `At`; our own API is camelCase throughout, unlike the OpenAI-shaped routes. */
export const epochMs = z.int().min(0).meta({ description: "Epoch milliseconds" })

export const labelSchema = z
  .object({
    integrity: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    sources: z.array(z.string()),
    readers: z.union([z.literal("public"), z.array(z.string())]),
    secrets: z.array(z.string()),
  })
  .meta({ id: "Label", description: "What a datum may influence (integrity 0 anyone … 3 the user or operator) and who may see it" })

/** Of runs, in queries of lists and sums. */
export const tagFilter = z.string().min(1).max(256).meta({ description: "Only runs with that tag, of their key or their request" })
export const metadataFilter = z
  .string()
  .max(2_048)
  .regex(/^[^=]+=/, { error: "must be name=value, such as customer=acme" })
  .meta({ description: "Only runs that say that of themselves: `customer=acme`" })

export const pageLimit = z.coerce.number().int().min(1).max(100)

/** OpenAI's error body; every route answers failures in it. All four keys are always there. */
export const errorBodySchema = z
  .object({
    error: z.looseObject({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
      hint: z.string().optional().meta({ description: "The next step that fixes it" }),
    }),
  })
  .meta({ id: "Error" })

export type Label = z.infer<typeof labelSchema>
export type ErrorBody = z.infer<typeof errorBodySchema>
