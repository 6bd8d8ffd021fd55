// Who a request is for, as experiments divide requests: what it says itself, its end user, its conversation.
import type { IncomingHttpHeaders } from "node:http"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { Asker } from "../../inference/index.ts"
import type { Principal } from "../../security/index.ts"

export const subjectHeader = "x-perdure-subject"
const subjectCharactersMax = 256

export interface Asking {
  principal: Principal
  headers: Readonly<IncomingHttpHeaders>
  /** Of this request alone. */
  requestId: string
  /** The end user that the request names. */
  user: string | null
  /** The body's `perdure` object. */
  perdure: JsonValue | undefined
  conversation: () => string | undefined
}

export function askerOf({ principal, headers, requestId, user, perdure, conversation }: Asking): Asker {
  const { scope } = principal
  const repeated = headers["idempotency-key"]
  return {
    projectId: principal.projectId,
    principalId: principal.id,
    tags: principal.tags,
    // A request with a key that acts for one user cannot pass for somebody else's.
    user: principal.user ?? user,
    subject: subjectIn(perdure, headers),
    conversation,
    // A request that is sent again is not drawn again.
    requestId: typeof repeated === "string" ? repeated : requestId,
    allowsModel: (model) => scope === null || scope.allowsModel(model),
  }
}

/** The end user in a parsed body, wherever its dialect has it. */
export function userIn({ user, safety_identifier: identifier, metadata }: JsonObject): string | null {
  const known = [user, identifier, isJsonObject(metadata) ? metadata["user_id"] : undefined]
  return known.find((each) => typeof each === "string") ?? null
}

/** Of a response; other requests have at most the key by which their provider keeps a conversation's beginning. */
export function conversationIn({ conversation, prompt_cache_key: cacheKey }: JsonObject): string | undefined {
  const id = isJsonObject(conversation) ? conversation["id"] : conversation
  return [id, cacheKey].find((each) => typeof each === "string")
}

function subjectIn(perdure: JsonValue | undefined, headers: Readonly<IncomingHttpHeaders>): string | undefined {
  const given = (isJsonObject(perdure) ? perdure["subject"] : undefined) ?? headers[subjectHeader]
  if (given === undefined || given === null || given === "") return undefined
  if (typeof given === "string" && given.length <= subjectCharactersMax) return given
  throw new AppError("invalid_type", `"perdure.subject" must be a text of at most ${subjectCharactersMax} characters`, {
    param: "perdure.subject",
    hint: "It names who stays with a variant of an experiment, such as the id of a session.",
  })
}
