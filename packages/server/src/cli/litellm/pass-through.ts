// LiteLLM's endpoints that are passed through, as paths below which requests go to a provider that has their address and their headers.
import { isOwnPath } from "@perdure/contract"
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject } from "../../core/index.ts"
import { addressText, beginsWithVariable, originAndPath, urlOf } from "./address.ts"
import { headersOf, hostOf, type ProviderInput } from "./place.ts"
import type { Providers } from "./providers.ts"
import type { Secrets } from "./secrets.ts"
import { Section, variableIn } from "./section.ts"
import { reportUnread } from "./unread.ts"

type PassThroughInput = NonNullable<ConfigInput["passThrough"]>[number]
type Method = NonNullable<PassThroughInput["methods"]>[number]

export interface PassThroughContext {
  providers: Providers
  secrets: Secrets
}

const seeHowTo = "See docs/how-to/pass-through.md."
const methods: readonly Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

export function passThroughOf(general: Section, context: PassThroughContext): PassThroughInput[] {
  const paths: PassThroughInput[] = []
  for (const [index, item] of general.list("pass_through_endpoints").entries()) {
    const entry = new Section(item, `${general.at("pass_through_endpoints")}[${index}]`, general.report)
    if (!isJsonObject(item)) general.report.add("left-out", entry.path, "it is no endpoint", seeHowTo)
    else paths.push(...passedBy(entry, paths, context))
  }
  return paths
}

/** None where it cannot be had, which the report says. */
function passedBy(entry: Section, before: readonly PassThroughInput[], { providers, secrets }: PassThroughContext): PassThroughInput[] {
  const path = pathOf(entry)
  const target = path === undefined ? undefined : targetOf(entry)
  if (path === undefined || target === undefined) return []
  const place = placeOf(path, target, entry)
  if (before.some((other) => other.path === place.path)) {
    entry.left("path", `${place.path} leads to one address, and another endpoint has it already`, seeHowTo)
    return []
  }
  const provider = providers.at(providerOf(place.baseUrl, entry, secrets), [hostOf(place.baseUrl), `${hostOf(place.baseUrl)}-passed`])
  const taken = methodsOf(entry)
  if (entry.flag("auth") !== true) entry.differs("auth", "LiteLLM lets anybody in; here a request needs a key")
  reportUnread(entry, "pass_through_endpoints")
  return [
    {
      path: place.path,
      provider,
      ...(taken.length === 0 ? {} : { methods: taken }),
      ...(place.below === undefined ? {} : { paths: [place.below] }),
    },
  ]
}

function pathOf(entry: Section): string | undefined {
  const given = entry.take("path")
  const path = typeof given === "string" ? given.replace(/\/(?:\*|\{[^}]*\})?$/, "") : ""
  if (!/^(?:\/[A-Za-z0-9][\w.-]{0,63}){1,8}$/.test(path)) {
    entry.left("path", "it is no path such as /openai", seeHowTo)
    return undefined
  }
  if (!isOwnPath(path)) return path
  entry.left("path", `${path} is a path of the server itself`, "Ask for the model there, or pass another path through, such as /cohere.")
  return undefined
}

function targetOf(entry: Section): string | undefined {
  const text = addressText(entry, "target")
  if (text !== undefined && beginsWithVariable(text)) return text
  const url = text === undefined ? undefined : urlOf(text)
  if (text !== undefined && url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") {
    if (url.search !== "") entry.differs("target", "what follows the ? of an address is not sent")
    return originAndPath(text)
  }
  entry.left("target", "it is no http(s) address without a user and a password", seeHowTo)
  return undefined
}

/** One without the paths below it is a path of the one above it, where both addresses end alike. */
function placeOf(path: string, target: string, entry: Section): { path: string; baseUrl: string; below?: string } {
  if (entry.flag("include_subpath") === true) return { path, baseUrl: target }
  const last = path.slice(path.lastIndexOf("/"))
  // An address that begins with a variable has its path behind it, or none.
  const isSame = last !== path && target.endsWith(last) && (beginsWithVariable(target) || urlOf(target)?.pathname.endsWith(last) === true)
  if (isSame) return { path: path.slice(0, -last.length), baseUrl: target.slice(0, -last.length), below: last }
  entry.differs("include_subpath", "what is below the path is passed through too")
  return { path, baseUrl: target }
}

function providerOf(baseUrl: string, entry: Section, secrets: Secrets): ProviderInput {
  const given = entry.take("headers")
  const headers = isJsonObject(given) ? given : {}
  const named = Object.entries(headers).find(([name]) => /^authorization$/i.test(name))
  const bearer = typeof named?.[1] === "string" ? /^bearer\s+(.+)$/i.exec(named[1])?.[1] : undefined
  const apiKey = secrets.reference(bearer, `${entry.at("headers")}.${named?.[0] ?? ""}`, `${hostOf(baseUrl)}_API_KEY`)
  // What is sent is the caller's business.
  const others = Object.entries(headers).filter(([name]) => !/^content-type$/i.test(name) && (apiKey === undefined || name !== named?.[0]))
  const params = new Section({ headers: withoutMixed(Object.fromEntries(others), entry) }, entry.path, entry.report)
  return { type: "openai-compatible", baseUrl, ...(apiKey === undefined ? {} : { apiKey }), ...headersOf({ params, secrets }) }
}

/** A text with a variable in the middle of it is no secret and no text. */
function withoutMixed(headers: NonNullable<Section["value"]>, entry: Section): Section["value"] {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => {
      const isMixed = typeof value === "string" && value.includes("os.environ/") && variableIn(value) === undefined
      if (isMixed) entry.left(`headers.${name}`, "only a part of it comes from a variable", "Put the whole of it into one variable.")
      return !isMixed
    }),
  )
}

function methodsOf(entry: Section): Method[] {
  const words = entry.words("methods").map((word) => word.toUpperCase())
  const others = words.filter((word) => !methods.some((method) => method === word))
  if (others.length > 0) entry.left("methods", `${others.join(", ")} is not passed on`)
  return methods.filter((method) => words.includes(method))
}
