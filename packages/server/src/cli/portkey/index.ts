// Configs of Portkey as a configuration of Perdure's, each a model under its name, and a report of what does not come along.
import { basename } from "node:path"
import type { ConfigInput } from "../../config/index.ts"
import { defaultLimits, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { readJsonFile } from "../json-source.ts"
import {
  Providers,
  Report,
  reportRest,
  Secrets,
  Section,
  variablesIn,
  type ConfigModels,
  type Reasons,
  type Translated,
} from "../litellm/index.ts"
import { guardsOf, type GuardInput } from "./guards.ts"
import { addConditions, type RuleInput } from "./conditions.ts"
import { groupsOf, modelOf, type Around } from "./targets.ts"

export function readPortkey(path: string): JsonObject {
  return readJsonFile(path, "perdure import portkey <file> wants a config of Portkey in JSON")
}

interface Found {
  models: ConfigModels
  routingRules: RuleInput[]
  guards: GuardInput[]
}

export function translatePortkey(json: JsonObject, file: string): Translated {
  const value = referring(json) as JsonObject // an object as it was
  const report = new Report()
  const around: Around = { places: new Providers(new Secrets(report, variablesIn(value))), report }
  const found: Found = { models: {}, routingRules: [], guards: [] }
  for (const { name, config, path } of configsIn(value, file)) addConfig(name, new Section(config, path, report), around, found)
  const { models, routingRules, guards } = found
  const limits = limitsFor(models)
  const config: ConfigInput = {
    discovery: false,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(around.places.declared).length === 0 ? {} : { providers: around.places.declared }),
    ...(Object.keys(models).length === 0 ? {} : { models }),
    ...(routingRules.length === 0 ? {} : { routingRules }),
    ...(guards.length === 0 ? {} : { guards }),
  }
  return { config, report }
}

function addConfig(name: string, config: Section, around: Around, found: Found): void {
  const isConditional = config.section("strategy").value["mode"] === "conditional"
  const made = isConditional ? addConditions(name, config, around, found) : modelOf(name, config, groupsOf(config, {}, around))
  if (made === undefined) return
  Object.assign(found.models, made)
  found.guards.push(...guardsOf(config, { models: Object.keys(made), guards: found.guards, found: found.models, ...around }))
  reportRest(config, reasons)
  const [first = name] = Object.keys(made)
  config.report.add(
    "differs",
    config.path === "" ? "config" : config.path,
    first.includes("*")
      ? `no target names a model, so clients ask for ${first.slice(0, -1)}<the model's name> in place of sending a config`
      : `clients ask for the model ${first} in place of sending a config`,
    "Or write models.<name>.aliases with the name that they send now.",
  )
}

/** So that a target that is asked again leaves turns for the others. */
function limitsFor(models: ConfigModels): NonNullable<ConfigInput["limits"]> {
  const attempts = Object.values(models).flatMap(({ deployments }) =>
    deployments.map(({ retry }) => (typeof retry?.attempts === "number" ? retry.attempts : 0)),
  )
  const most = Math.max(0, ...attempts)
  return most > defaultLimits.sameDeploymentRetriesMax ? { attemptsMax: defaultLimits.attemptsMax + most } : {}
}

interface Named {
  name: string
  config: JsonValue | undefined
  path: string
}

const ofOne = ["strategy", "targets", "provider", "virtual_key", "api_key", "override_params", "retry", "cache"]

/** One config, one as Portkey's API gives it, or an object of several. */
function configsIn(value: JsonObject, file: string): Named[] {
  const own = basename(file).replace(/\.[^.]*$/, "")
  if (ofOne.some((key) => value[key] !== undefined)) return [{ name: nameOf(own), config: value, path: "" }]
  const inside = value["config"]
  if (inside !== undefined) {
    const name = typeof value["name"] === "string" ? value["name"] : typeof value["slug"] === "string" ? value["slug"] : own
    return [{ name: nameOf(name), config: typeof inside === "string" ? parsed(inside) : inside, path: "config" }]
  }
  return Object.entries(value).flatMap(([name, config]) => (isJsonObject(config) ? [{ name: nameOf(name), config, path: name }] : []))
}

function parsed(text: string): JsonValue | undefined {
  try {
    return referring(JSON.parse(text) as JsonValue)
  } catch {
    return undefined
  }
}

export function nameOf(text: string): string {
  const plain = text.replaceAll(/[^\w.-]+/g, "-").replaceAll(/^[^A-Za-z0-9]+|-+$/g, "")
  return plain === "" ? "config" : plain.slice(0, 50)
}

const templates = /^(?:\{\{\s*(\w+)\s*\}\}|\$\{(\w+)\}|\$([A-Z]\w*)|(?:process\.)?env\.(\w+))$/

/** Places for variables, however they are written, in the form in which references are read. */
function referring(value: JsonValue): JsonValue {
  if (typeof value === "string") {
    const name = templates
      .exec(value)
      ?.slice(1)
      .find((each) => each !== undefined)
    return name === undefined ? value : `os.environ/${name}`
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(referring)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each === undefined ? undefined : referring(each)]))
}

const reasons: Reasons = [
  [/^(?:strategy|targets)$/, "not-needed", "it stands in the model"],
  [/^(?:metadata|trace_id)$/, "left-out", "runs are found by keys, their tags and end users", "perdure keys create --tag …"],
  [/^(?:mcp|tools|prompt)/, "left-out", "there is no such section", "See docs/how-to/move-from-portkey-and-bifrost.md."],
]
