// The body of a media request: JSON or a form with files; only the model's name is read and changed in it.
import { AppError, type JsonObject } from "../../core/index.ts"
import type { BodyBytes } from "../light/body-bytes.ts"
import { forwardedBody, type BodyRules, type ForwardedBody } from "../light/forwarded-body.ts"
import { boundaryOf, splitMultipart } from "../openai/files-multipart.ts"

const jsonRules: BodyRules = {
  keys: new Set(["model", "stream", "user", "perdure"]),
  edits: () => [],
  change: (body) => body,
}

/** `modelAssumed`: taken where the body names none. */
export function jsonBody(bytes: BodyBytes, modelAssumed: string | undefined): ForwardedBody {
  return forwardedBody(bytes, modelAssumed === undefined ? jsonRules : { ...jsonRules, modelAssumed })
}

/** Files stay where they are: the form is sent on with another text in its `model` part. */
export function formBody(bytes: Buffer, contentType: string): ForwardedBody {
  const parts = splitMultipart(bytes, boundaryOf(contentType))
  const text = (name: string): string | undefined =>
    parts.find((part) => part.name === name && part.filename === undefined)?.content.toString()
  const model = parts.find(({ name }) => name === "model")
  if (!model)
    throw new AppError("missing_required_parameter", 'the form has no field "model"', {
      param: "model",
      hint: "GET /v1/models lists the models.",
    })
  const start = model.content.byteOffset - bytes.byteOffset
  const parsed = (): JsonObject =>
    Object.fromEntries(parts.filter(({ filename }) => filename === undefined).map(({ name, content }) => [name, content.toString()]))
  return {
    model: model.content.toString(),
    user: text("user") ?? null,
    stream: text("stream") === "true",
    usageAsked: false,
    base64Asked: false,
    outputTokensMax: null,
    cacheKey: null,
    perdure: undefined,
    sizeBytes: bytes.length,
    inputTokensEstimated: formTokensAssumed,
    forUpstream: (upstreamModel) =>
      Buffer.concat([bytes.subarray(0, start), Buffer.from(upstreamModel), bytes.subarray(start + model.content.length)]),
    has: (name) => parts.some((part) => part.name === name),
    head: () => "",
    parsed,
  }
}

/** Sounds and pictures are not counted before they are sent: about a minute of sound, or a picture. */
const formTokensAssumed = 1_600
