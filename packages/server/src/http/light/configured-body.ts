// A client's request as one deployment is sent it in the client's own dialect: with the parameters of the deployment's configuration.
import type { JsonValue } from "../../core/index.ts"
import { parameterChanges, withChanges, type CallKind, type Deployment } from "../../inference/index.ts"
import type { ForwardedBody } from "./forwarded-body.ts"

/** The same body where nothing is configured: one look, no more. */
export function configuredBody(body: ForwardedBody, deployment: Deployment, kind: CallKind): ForwardedBody {
  if (!deployment.parameters) return body
  const changes = parameterChanges(deployment, kind, (names) => body.top(names))
  if (changes.size === 0) return body
  const { textsOf } = body
  const textOf = (name: string): string => JSON.stringify(changes.get(name) ?? null)
  return {
    ...body,
    forUpstream: (upstreamModel, more) => body.forUpstream(upstreamModel, more ? new Map([...changes, ...more]) : changes),
    top: (names) => {
      const top = body.top(names)
      return {
        has: (name) => (changes.has(name) ? changes.get(name) !== undefined : top.has(name)),
        value: (name) => (changes.has(name) ? changes.get(name) : top.value(name)),
      }
    },
    has: (name) => (changes.has(name) ? changes.get(name) !== undefined : body.has(name)),
    head: (name) => (changes.has(name) ? (changes.get(name) === undefined ? "" : textOf(name)) : body.head(name)),
    parsed: () => withChanges(body.parsed(), changes),
    ...(textsOf ? { textsOf: (name) => (changes.has(name) ? textsIn(changes.get(name)) : textsOf(name)) } : {}),
  }
}

function textsIn(value: JsonValue | undefined): string[] {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(textsIn)
  return typeof value === "string" ? [value] : []
}
