// Parses queries and JSON bodies of Perdure's own API; what is wrong is answered with the parameter, the value's problem and what is allowed.
import type { Context } from "hono"
import type { z } from "zod"
import { AppError } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"

export function parseQuery<Schema extends z.ZodType>(context: Context<HttpEnv>, schema: Schema): z.output<Schema> {
  return parsed(schema, context.req.query(), "query parameter")
}

/** An empty body counts as `{}`, so that `POST …/cancel` needs none. */
export async function parseBody<Schema extends z.ZodType>(context: Context<HttpEnv>, schema: Schema): Promise<z.output<Schema>> {
  const text = await context.req.text()
  return parsed(schema, text === "" ? {} : jsonOf(text), "field")
}

/** JSON without going through Hono's type arithmetic, which is costly on recursive JSON types. */
export function answer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json; charset=utf-8" } })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError("invalid_json", "The request body is not valid JSON.", { hint: "Send a JSON object, or no body at all.", cause })
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === "unrecognized_keys") {
    const [key] = issue.keys
    throw new AppError("unknown_parameter", `Unknown ${what} '${key}'.`, key === undefined ? {} : { param: key })
  }
  const param = issue?.path.join(".") ?? ""
  throw new AppError("invalid_request", `The ${what} '${param}' is wrong: ${issue?.message}.`, param === "" ? {} : { param })
}
