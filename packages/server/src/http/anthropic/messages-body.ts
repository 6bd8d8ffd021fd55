// What is read of the body of a messages request; nothing but the model's name is changed in it.
import { isJsonObject } from "../../core/index.ts"
import type { BodyBytes } from "../light/body-bytes.ts"
import { endUserOf } from "./end-user.ts"
import { mark, withoutForeignThoughts } from "./foreign-reasoning.ts"
import { recallWish } from "../recall-wish.ts"
import { forwardedBody, type BodyRules, type ForwardedBody } from "../light/forwarded-body.ts"

/** A signature or seal that this server made, in a request's bytes. */
const foreignMark = Buffer.from(`"${mark}`)
const keys = new Set(["model", "stream", "max_tokens", "metadata", "service_tier", "speed", "inference_geo", "perdure"])
const rules: BodyRules = {
  keys,
  places: new Set([...keys, "context_management"]),
  edits: () => [],
  change: withoutForeignThoughts,
  // Only what is parsed can have them taken out.
  isForeign: (bytes) => bytes.includes(foreignMark),
}

export function messagesBody(bytes: BodyBytes): ForwardedBody {
  const body = forwardedBody(bytes, rules, ({ metadata }) => (isJsonObject(metadata) ? endUserOf(metadata["user_id"]) : null))
  if (body.perdure === undefined) return body
  const { recall, rest } = recallWish(body.perdure)
  return { ...body, perdure: rest, recalls: recall }
}
