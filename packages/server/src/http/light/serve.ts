// The way of one request of a dialect from its bytes to the deployments: read, admitted, compacted, given its memory, prepared.
import { saidOf } from "../said.ts"
import type { HotCall, HotRoute } from "../shell.ts"
import { admit, usableModel } from "./admit.ts"
import type { BodyBytes } from "./body-bytes.ts"
import type { ClientDialect } from "./client-dialect.ts"
import { compactFirst, wantedCompaction } from "./compact.ts"
import { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { openClient } from "./open-client.ts"
import { needsPreparing, prepare, type Asked, type PrepareOptions } from "./prepare.ts"
import { readAsked, type ReadAsked } from "./read-asked.ts"
import { readBodyBytes } from "./read-body.ts"
import { refuse } from "./refuse.ts"
import { Replay } from "./replay.ts"
import { Served } from "./served.ts"
import { fillIn, namesFiles, type FilesByMessage } from "./stored-files.ts"
import { rememberedBy, withMemory } from "./with-memory.ts"

export function dialectRoute(dependencies: LightRunDependencies, dialect: ClientDialect): HotRoute {
  const handle = (hot: HotCall): void =>
    readBodyBytes(hot.request, dependencies.limits.requestBodyBytesMax, (bytes) => {
      if (namesFiles(dependencies, bytes))
        fillIn(dependencies, dialect.filesIn, hot, bytes, (filled, files) => take(dependencies, dialect, hot, filled, files))
      else take(dependencies, dialect, hot, bytes)
    })
  return { shape: dialect, handle }
}

function take(
  dependencies: LightRunDependencies,
  dialect: ClientDialect,
  hot: HotCall,
  bytes: BodyBytes | Error,
  files?: FilesByMessage,
): void {
  let call: LightCall | undefined
  try {
    if (bytes instanceof Error) throw bytes
    const asked = readAsked(dependencies.shaping, hot, dialect, bytes)
    const { body } = asked
    call = openCall(dependencies, hot, dialect, asked)
    const model = usableModel(dependencies, hot, body.model, "chat")
    call.recalls = body.recalls === true
    const admitted = call
    rememberedBy(dependencies, dialect, call, { asked: { body, model }, files })
    admit(dependencies, call, model, () => serve(dependencies, dialect, admitted, { body, model }))
  } catch (error) {
    refuse(dependencies, hot, call, error)
  }
}

function openCall(dependencies: LightRunDependencies, hot: HotCall, dialect: ClientDialect, { body, shaped }: ReadAsked): LightCall {
  return new LightCall(dependencies, hot, {
    kind: "chat",
    name: dialect.operation,
    idPrefix: dialect.idPrefix,
    model: body.model,
    user: body.user,
    stream: body.stream,
    requestBytes: body.sizeBytes,
    inputTokensEstimated: body.inputTokensEstimated,
    outputTokensMax: body.outputTokensMax,
    served: body.served,
    shaped,
    said: saidOf(hot.request.headers, body, dependencies.limits),
  })
}

function serve(dependencies: LightRunDependencies, dialect: ClientDialect, call: LightCall, asked: Asked): void {
  const wanted = wantedCompaction(dependencies, dialect, asked)
  if (!wanted) return remembered(dependencies, dialect, call, asked)
  const go = (compacted: Asked): void => remembered(dependencies, dialect, call, compacted)
  compactFirst({ dependencies, dialect, call, go, answer: answererOf(dependencies, dialect, call) }, asked, wanted)
}

function remembered(dependencies: LightRunDependencies, dialect: ClientDialect, call: LightCall, asked: Asked): void {
  if (call.memory) withMemory(dependencies, call, asked, (given) => prepared(dependencies, dialect, call, given))
  else prepared(dependencies, dialect, call, asked)
}

function prepared(dependencies: LightRunDependencies, dialect: ClientDialect, call: LightCall, asked: Asked): void {
  if (!needsPreparing(dependencies, call, asked)) return new Served(dependencies, dialect, call, asked.body).start(asked.model)
  const options: PrepareOptions = {
    dependencies,
    dialect,
    call,
    go: ({ body, model }) => new Served(dependencies, dialect, call, body).start(model),
    answer: answererOf(dependencies, dialect, call),
  }
  prepare(options, asked)
}

/** With frames that are there already. */
function answererOf(dependencies: LightRunDependencies, dialect: ClientDialect, call: LightCall): PrepareOptions["answer"] {
  return ({ body }, hit) => {
    const client = body.stream ? openClient(dependencies, call, (error) => replay.fail(error)) : undefined
    const replay = new Replay({ dependencies, dialect, call, client }, hit)
    replay.start()
  }
}
