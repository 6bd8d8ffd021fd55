// `POST /v1/embeddings`: passed through to providers, or computed by a model of this process; vectors as floats or base64.
import { AppError, isJsonObject, type JsonValue } from "../../core/index.ts"
import {
  embeddingsUsageOf,
  usageOf,
  withChanges,
  type Deployment,
  type ParameterChanges,
  type UpstreamError,
} from "../../inference/index.ts"
import { admit, usableModel } from "../light/admit.ts"
import { AnswerAttempt } from "../light/answer-attempt.ts"
import { configuredBody } from "../light/configured-body.ts"
import { Forward, type Attempt, type AttemptEnd } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { HttpAttempt } from "../light/http-attempt.ts"
import { JsonRelay } from "../light/json-relay.ts"
import { LightCall } from "../light/light-call.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { planOf } from "../light/plan-of.ts"
import { needsPreparing, prepare, type Asked, type PreparedDialect, type PrepareOptions } from "../light/prepare.ts"
import { readBodyBytes } from "../light/read-body.ts"
import { refuse } from "../light/refuse.ts"
import { Replay } from "../light/replay.ts"
import { usageFromTail } from "../light/usage-tail.ts"
import { ruledBody } from "../routing-rules/ruled.ts"
import { saidOf } from "../said.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { embeddingBody } from "./chat-body.ts"
import { openAiShape } from "./errors.ts"
import { makeEmbeddings } from "./made-embeddings.ts"
import { base64 } from "./vector-text.ts"

export function embeddingsRoute(dependencies: LightRunDependencies): HotRoute {
  /** Deployments that were seen to refuse base64: they are asked for floats at once. */
  const floatsOnly = new WeakSet<Deployment>()
  const handle = (hot: HotCall): void =>
    readBodyBytes(hot.request, dependencies.limits.requestBodyBytesMax, (bytes) => {
      let call: LightCall | undefined
      try {
        if (bytes instanceof AppError) throw bytes
        const read = embeddingBody(bytes)
        const ruled = ruledBody(dependencies.shaping?.rules, hot, read)
        const body = ruled?.body ?? read
        call = new LightCall(dependencies, hot, {
          kind: "embedding",
          name: "embeddings",
          idPrefix: "embd_",
          model: body.model,
          user: body.user,
          stream: false,
          requestBytes: body.sizeBytes,
          inputTokensEstimated: body.inputTokensEstimated,
          outputTokensMax: 0,
          shaped: ruled?.chosen,
          said: saidOf(hot.request.headers, body, dependencies.limits),
        })
        const opened = call
        const model = usableModel(dependencies, hot, body.model, "embeddings")
        admit(dependencies, call, model, () => prepared(dependencies, opened, { body, model }, floatsOnly))
      } catch (error) {
        refuse(dependencies, hot, call, error)
      }
    })
  return { shape: openAiShape, handle }
}

const embeddingsDialect: PreparedDialect = { name: "embeddings", texts: undefined, needs: "embeddings", readBody: embeddingBody }
/** No answer is a stream. */
const whole = { ...openAiShape, doneFrame: "" }

/** Guards see the texts, and the cache may have the vectors. */
function prepared(dependencies: LightRunDependencies, call: LightCall, asked: Asked, floatsOnly: WeakSet<Deployment>): void {
  const go = (ready: Asked): void => serveEmbeddings(dependencies, call, ready, floatsOnly)
  if (!needsPreparing(dependencies, call, asked)) return go(asked)
  const answer: PrepareOptions["answer"] = (_, hit) => new Replay({ dependencies, dialect: whole, call, client: undefined }, hit).start()
  prepare({ dependencies, dialect: embeddingsDialect, call, go, answer }, asked)
}

function serveEmbeddings(
  dependencies: LightRunDependencies,
  call: LightCall,
  { body, model }: Asked,
  floatsOnly: WeakSet<Deployment>,
): void {
  const ask = (deployment: Deployment, end: AttemptEnd, asked: ForwardedBody): Attempt =>
    new HttpAttempt({
      dependencies,
      call,
      deployment,
      end,
      path: "/embeddings",
      body: configuredBody(asked, deployment, "embeddings").forUpstream(deployment.upstreamModel),
      relay: openRelay(dependencies, call, body, deployment, end),
    })
  new Forward({
    dependencies,
    call,
    plan: planOf(dependencies, call, body, model, "embeddings"),
    openAttempt: (deployment, end) =>
      deployment.dialect === "openai-chat"
        ? ask(deployment, end, body.base64Asked && floatsOnly.has(deployment) ? withFloats(body) : body)
        : new AnswerAttempt(call, end, (signal) =>
            makeEmbeddings(dependencies, configuredBody(body, deployment, "embeddings"), deployment, signal),
          ),
    amend: (error, deployment, before) => {
      if (before > 0 || !refusesBase64(body, error)) return undefined
      floatsOnly.add(deployment)
      return (place, end) => ask(place, end, withFloats(body))
    },
    failBegun: (_, onEnded) => {
      call.hot.response.destroy()
      onEnded()
    },
  }).start()
}

function openRelay(
  { limits }: LightRunDependencies,
  call: LightCall,
  body: ForwardedBody,
  deployment: Deployment,
  end: AttemptEnd,
): JsonRelay {
  const heldBytesMax = body.base64Asked ? limits.heldEmbeddingsBytesMax : limits.heldAnswerBytesMax
  return new JsonRelay({
    call,
    deployment,
    heldBytesMax,
    usageIn: (tail) => usageFromTail(tail, embeddingsUsageOf),
    change: (answer) => completeAnswer(answer, body),
    end,
  })
}

function refusesBase64(body: ForwardedBody, error: UpstreamError): boolean {
  return body.base64Asked && error.answer.status < 500 && /encoding_format|base64/.test(`${error.answer.param} ${error.message}`)
}

function withFloats(body: ForwardedBody): ForwardedBody {
  const forUpstream = (model: string | null, changes: ParameterChanges = new Map()): Buffer =>
    Buffer.from(JSON.stringify({ ...withChanges(body.parsed(), changes), ...(model === null ? {} : { model }), encoding_format: "float" }))
  return { ...body, forUpstream }
}

const embeddingKey = Buffer.from('"embedding":')
const openList = 91
const space = 32

/** Floats become base64 where the client asked for it and the provider did not oblige; usage is there in any case. */
function completeAnswer(answer: Buffer, { base64Asked, sizeBytes }: ForwardedBody): Buffer {
  let at = answer.indexOf(embeddingKey) + embeddingKey.length
  while (answer[at] === space) at += 1
  const encode = base64Asked && answer[at] === openList
  const usage = usageFromTail(answer, usageOf)
  if (!encode && usage) return answer
  const parsed: unknown = JSON.parse(answer.toString())
  if (!isJsonObject(parsed) || !Array.isArray(parsed["data"])) return answer
  const data = (parsed["data"] as readonly JsonValue[]).map((item) =>
    encode && isJsonObject(item) ? { ...item, embedding: base64Of(item["embedding"]) } : item,
  )
  // Some tell the total alone, which clients of OpenAI's do not look at.
  const tokens = usageFromTail(answer, embeddingsUsageOf)?.inputTokens ?? Math.ceil(sizeBytes / 4)
  return Buffer.from(JSON.stringify({ ...parsed, data, ...(usage ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }) }))
}

function base64Of(values: JsonValue | undefined): JsonValue {
  return Array.isArray(values) ? base64(Float32Array.from(values as number[])) : (values ?? null) // floats, by the check before
}
