// Wire schemas of blocks: texts by path in a scope, and the commands of Anthropic's memory tool over them.
import { z } from "zod"
import { epochMs, labelSchema, pageLimit } from "./shared.ts"

const version = z.int().min(1).meta({ description: "A number that the path never has again; its ETag" })

export const blockSchema = z
  .object({
    scope: z.string(),
    path: z.string(),
    text: z.string(),
    version,
    sha256: z.string(),
    tokens: z.int(),
    tokensMax: z.int().nullable(),
    readOnly: z.boolean().meta({ description: "Agents can't change it" }),
    description: z.string().nullable(),
    label: labelSchema,
    instructs: z
      .boolean()
      .meta({ description: "Whether it may stand where a model takes instructions from: only what a person wrote or confirmed" }),
    principal: z.string(),
    runId: z.string().nullable(),
    createdAt: epochMs,
    updatedAt: epochMs,
  })
  .meta({ id: "Block" })

export const blockPutRequestSchema = z.strictObject({
  text: z.string(),
  tokensMax: z.int().min(1).nullable().optional(),
  readOnly: z.boolean().optional(),
  description: z.string().max(1_000).nullable().optional(),
})
export const blockWrittenSchema = blockSchema
  .extend({ seq: z.int().meta({ description: "Its number in the change log of the scope" }) })
  .meta({ id: "BlockWritten" })
export const blockListQuerySchema = z.strictObject({
  under: z.string().optional().meta({ description: "A directory" }),
  after: z.string().optional().meta({ description: "The last path of the page before" }),
  limit: pageLimit.optional(),
})
export const blockListSchema = z.object({ blocks: z.array(blockSchema), next: z.string().nullable() }).meta({ id: "BlockList" })
export const blockVersionSchema = z
  .object({
    scope: z.string(),
    path: z.string(),
    version,
    op: z.enum(["write", "confirm", "rename", "delete"]),
    text: z.string().nullable(),
    label: labelSchema,
    principal: z.string(),
    runId: z.string().nullable(),
    at: epochMs,
  })
  .meta({ id: "BlockVersion" })
export const blockVersionsSchema = z.object({ versions: z.array(blockVersionSchema) }).meta({ id: "BlockVersions" })
export const blockDeletedSchema = z.object({ scope: z.string(), path: z.string(), deleted: z.literal(true), seq: z.int() })

const path = z.string().meta({ description: "`/memories` or below it" })
/** As the tool `memory_20250818` of Anthropic's API calls it. */
export const memoryCommandSchema = z.discriminatedUnion("command", [
  z.strictObject({ command: z.literal("view"), path, view_range: z.tuple([z.int(), z.int()]).nullish() }),
  z.strictObject({ command: z.literal("create"), path, file_text: z.string() }),
  z.strictObject({ command: z.literal("str_replace"), path, old_str: z.string(), new_str: z.string().optional() }),
  z.strictObject({ command: z.literal("insert"), path, insert_line: z.int(), insert_text: z.string() }),
  z.strictObject({ command: z.literal("delete"), path }),
  z.strictObject({ command: z.literal("rename"), old_path: path, new_path: path }),
])
export const memoryCommandAnswerSchema = z
  .object({
    result: z.string().meta({ description: "What the model is answered" }),
    isError: z.boolean(),
    seq: z.int().nullable().meta({ description: "The last number in the change log that the command made" }),
  })
  .meta({ id: "MemoryCommandAnswer" })

export type Block = z.infer<typeof blockSchema>
export type BlockPutRequest = z.input<typeof blockPutRequestSchema>
export type BlockVersions = z.infer<typeof blockVersionsSchema>
export type BlockWritten = z.infer<typeof blockWrittenSchema>
export type BlockList = z.infer<typeof blockListSchema>
export type MemoryCommand = z.input<typeof memoryCommandSchema>
export type MemoryCommandAnswer = z.infer<typeof memoryCommandAnswerSchema>

export const blockRoutes = [
  {
    method: "GET",
    path: "/v1/blocks/{scope}",
    summary: "List the blocks of a scope by path",
    query: blockListQuerySchema,
    response: blockListSchema,
  },
  {
    method: "POST",
    path: "/v1/blocks/{scope}",
    summary: "Do a command of Anthropic's memory tool (view, create, str_replace, insert, delete, rename) that a model asked for",
    request: memoryCommandSchema,
    response: memoryCommandAnswerSchema,
  },
  { method: "GET", path: "/v1/blocks/{scope}/{path}", summary: "Read a block; its version is the ETag", response: blockSchema },
  {
    method: "PUT",
    path: "/v1/blocks/{scope}/{path}",
    summary: "Write a block: If-Match holds it to a version or digest, If-None-Match: * to its absence; else 412 with what is there",
    request: blockPutRequestSchema,
    response: blockWrittenSchema,
  },
  {
    method: "DELETE",
    path: "/v1/blocks/{scope}/{path}",
    summary: "Delete a block; If-Match holds, its versions stay",
    response: blockDeletedSchema,
  },
  {
    method: "GET",
    path: "/v1/blocks/{scope}/{path}/versions",
    summary: "Read what a block was, newest first",
    response: blockVersionsSchema,
  },
  {
    method: "POST",
    path: "/v1/blocks/{scope}/{path}/confirm",
    summary: "Stand by a block's text as it is (If-Match names it): it may instruct from then on",
    response: blockWrittenSchema,
  },
] as const
