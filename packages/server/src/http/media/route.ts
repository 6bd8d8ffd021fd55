// Serves one media endpoint: its request to a deployment that can do it, the answer back as it comes.
import { admit, usableModel } from "../light/admit.ts"
import type { BodyBytes } from "../light/body-bytes.ts"
import { Forward } from "../light/forward.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"
import { LightCall } from "../light/light-call.ts"
import type { LightRunDependencies } from "../light/light-dependencies.ts"
import { needsPreparing, prepare, type Asked } from "../light/prepare.ts"
import { readBodyBytes } from "../light/read-body.ts"
import { refuse } from "../light/refuse.ts"
import { planOf } from "../light/plan-of.ts"
import { fillIn, namesFiles } from "../light/stored-files.ts"
import { openAiShape } from "../openai/errors.ts"
import { parseJsonObject } from "../request-body.ts"
import { ruledBody } from "../routing-rules/ruled.ts"
import { saidOf } from "../said.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { MediaAttempts } from "./attempts.ts"
import { formBody, jsonBody, type MediaBody } from "./body.ts"
import type { MediaEndpoint } from "./endpoints.ts"

export function mediaRoute(all: LightRunDependencies, endpoint: MediaEndpoint): HotRoute {
  // Nothing of these answers is kept, so none is looked for.
  const { cache: _, ...dependencies } = all
  const bytesMax = endpoint.body === "multipart" ? "fileBytesMax" : "requestBodyBytesMax"
  const handle = (hot: HotCall): void =>
    readBodyBytes(hot.request, dependencies.limits[bytesMax], (bytes) => {
      if (endpoint.filesIn && isJson(hot) && namesFiles(dependencies, bytes))
        fillIn(dependencies, endpoint.filesIn, hot, bytes, (filled) => take(dependencies, endpoint, hot, filled))
      else take(dependencies, endpoint, hot, bytes)
    })
  return { shape: openAiShape, handle }
}

function take(dependencies: LightRunDependencies, endpoint: MediaEndpoint, hot: HotCall, bytes: BodyBytes | Error): void {
  let call: LightCall | undefined
  try {
    if (bytes instanceof Error) throw bytes
    const read = bodyOf(dependencies, endpoint, hot, bytes)
    const ruled = ruledBody(dependencies.shaping?.rules, hot, read)
    const body = ruled?.body ?? read
    const said = saidOf(hot.request.headers, body, dependencies.limits)
    const opened = new LightCall(dependencies, hot, { ...requestOf(endpoint, body), shaped: ruled?.chosen, said })
    call = opened
    const model = usableModel(dependencies, hot, body.model, endpoint.needs)
    const go = (asked: Asked): void => serve(dependencies, endpoint, opened, asked)
    admit(dependencies, call, model, () => guarded(dependencies, endpoint, { call: opened, body, go }, model))
  } catch (error) {
    refuse(dependencies, hot, call, error)
  }
}

function isJson({ request }: HotCall): boolean {
  return request.headers["content-type"]?.startsWith("application/json") === true
}

/** Guards see the request, and transcripts; whoever asks for a judgement wants it of the text as it is. */
function guarded(
  dependencies: LightRunDependencies,
  endpoint: MediaEndpoint,
  { call, body, go }: { call: LightCall; body: MediaBody; go: (asked: Asked) => void },
  model: Asked["model"],
): void {
  if (endpoint.kind === "moderation" || !needsPreparing(dependencies, call, { body, model })) return go({ body, model })
  const readBody = (changed: BodyBytes): ForwardedBody => body.reread(parseJsonObject(changed.whole()))
  const dialect = { name: endpoint.name, texts: endpoint.texts, needs: endpoint.needs, readBody }
  prepare({ dependencies, dialect, call, go, answer: go }, { body, model })
}

function bodyOf(dependencies: LightRunDependencies, endpoint: MediaEndpoint, hot: HotCall, bytes: BodyBytes): MediaBody {
  if (endpoint.body === "json") return jsonBody(bytes, endpoint.modelOptional ? onlyModel(dependencies, endpoint, hot) : undefined)
  return isJson(hot) ? jsonBody(bytes, undefined) : formBody(bytes.whole(), hot.request.headers["content-type"] ?? "")
}

/** The model that is meant when the request names none: the first that can do it and that the key may use. */
function onlyModel({ models }: LightRunDependencies, { needs }: MediaEndpoint, { principal }: HotCall): string | undefined {
  const { scope } = principal
  return models.list().find(({ name, deployments }) => (scope?.allowsModel(name) ?? true) && deployments.some(({ does }) => does[needs]))
    ?.name
}

function requestOf(endpoint: MediaEndpoint, body: ForwardedBody): LightCall["request"] {
  const { model, user, stream, sizeBytes, inputTokensEstimated } = body
  const { kind, name, piecesOf } = endpoint
  const pieces = piecesOf?.(body.parsed(), sizeBytes)
  const counted = { requestBytes: sizeBytes, inputTokensEstimated, outputTokensMax: null, ...(pieces ? { pieces } : {}) }
  return { kind, name, idPrefix: "", model, user, stream, ...counted }
}

function serve(dependencies: LightRunDependencies, endpoint: MediaEndpoint, call: LightCall, { body, model }: Asked): void {
  const attempts = new MediaAttempts({ dependencies, endpoint, call, body })
  new Forward({
    dependencies,
    call,
    plan: planOf(dependencies, call, body, model, endpoint.needs, ({ dialect }) => dialect !== "native"),
    openAttempt: (deployment, end) => attempts.open(deployment, end),
    failBegun: (error, onEnded) => {
      const { response, requestId } = call.hot
      // Anything else cannot be told an error once it has begun; cutting it is the only honest end.
      if (attempts.streams) response.end(openAiShape.errorFrame(error, requestId))
      else response.destroy()
      onEnded()
    },
  }).start()
}
