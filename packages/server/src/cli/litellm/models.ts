// LiteLLM's model list as models: entries of one name together, weights and orders as its router takes them, other names.
import { matchOf, type ConfigInput } from "../../config/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { readEntry, type DeploymentInput, type ListEntry } from "./deployments.ts"
import type { Providers } from "./providers.ts"
import type { Report } from "./report.ts"
import { Section } from "./section.ts"

export type ModelInput = NonNullable<ConfigInput["models"]>[string]

export interface Models {
  byName: Map<string, ModelInput>
  /** The groups' entries, as they stood in the list. */
  entries: Map<string, ListEntry[]>
  /** `model_info.id` → the name of its group. */
  ids: Map<string, string>
  /** The list has `*` for whatever a provider may be asked for. */
  takesAny: boolean
}

export interface ReadModelsOptions {
  providers: Providers
  credentials: ReadonlyMap<string, JsonObject>
  report: Report
}

const namePattern = /^(?=.{1,128}$)[A-Za-z0-9][\w./:@-]*(?:\*[\w./:@-]*)?$/

export function readModels(list: readonly JsonValue[], options: ReadModelsOptions): Models {
  const models: Models = { byName: new Map(), entries: new Map(), ids: new Map(), takesAny: false }
  for (const [index, item] of list.entries()) readItem(new Section(item, `model_list[${index}]`, options.report), models, options)
  for (const [name, entries] of models.entries) {
    const deployments = inOrder(entries)
    if (deployments.length > 0) models.byName.set(name, { deployments })
  }
  return models
}

function readItem(item: Section, models: Models, { providers, credentials, report }: ReadModelsOptions): void {
  const name = item.take("model_name")
  if (typeof name !== "string" || name === "") return report.add("left-out", item.path, "it has no model_name")
  const { path } = item
  const params = new Section(withCredential(item, credentials, report), `${path}.litellm_params`, report)
  const info = item.section("model_info")
  const id = info.take("id")
  if (typeof id === "string") models.ids.set(id, name)
  if (!isName(name, item, params, models)) return
  const entry = readEntry(params, info, providers)
  const deployments = entry.deployments.filter((deployment) => fitsName(deployment, name, params))
  models.entries.set(name, [...(models.entries.get(name) ?? []), { ...entry, deployments }])
}

/** The members of a named credential, with those of the entry over them. */
function withCredential(item: Section, credentials: ReadonlyMap<string, JsonObject>, report: Report): JsonObject {
  const params = item.take("litellm_params")
  if (!isJsonObject(params)) return {}
  const { litellm_credential_name: name, ...own } = params
  if (typeof name !== "string") return params
  const credential = credentials.get(name)
  if (!credential)
    report.add("left-out", `${item.path}.litellm_params.litellm_credential_name`, "there is no such entry in credential_list")
  return { ...credential, ...own }
}

function isName(name: string, item: Section, params: Section, models: Models): boolean {
  if (namePattern.test(name)) return true
  if (name === "*" && (params.value["model"] === "*" || params.value["model"] === "openai/*")) {
    models.takesAny = true
    item.report.add(
      "differs",
      item.at("model_name"),
      'no model may be called "*": discovery is on instead, so that providers whose keys are in the environment serve their models as provider/model',
      'Add patterns for other names, say "gpt-*" with model: "gpt-*".',
    )
  } else
    item.report.add(
      "left-out",
      item.at("model_name"),
      `the name ${JSON.stringify(name.slice(0, 200))} is none here: letters, digits and . / : @ _ -, one * at most`,
      "Choose another name, and let clients ask for that.",
    )
  return false
}

/** A `*` upstream stands for what the name's stood for. */
function fitsName({ model = "" }: DeploymentInput, name: string, params: Section): boolean {
  if (!model.includes("*") || name.includes("*")) return true
  params.left("model", `the model ${JSON.stringify(name)} has no * that the one of its provider could stand for`)
  return false
}

/** LiteLLM asks only those of the lowest order, and shares calls by weight, else by rpm, else by tpm, as the first entry has them. */
function inOrder(entries: readonly ListEntry[]): DeploymentInput[] {
  const orders = [...new Set(entries.flatMap(({ order }) => order ?? []))].toSorted((a, b) => a - b)
  const [first] = entries
  const [leading] = first?.deployments ?? []
  const by = (deployment: DeploymentInput): number | undefined => {
    if (leading?.weight !== undefined) return deployment.weight ?? 0
    if (leading?.limits?.requestsPerMinute !== undefined) return deployment.limits?.requestsPerMinute ?? 0
    return leading?.limits?.tokensPerMinute === undefined ? undefined : (deployment.limits?.tokensPerMinute ?? 0)
  }
  const weights = new Set(entries.flatMap(({ deployments }) => deployments.map(by)))
  return entries.flatMap(({ order, deployments }) =>
    deployments.map((deployment) => {
      const weight = weights.size > 1 ? by(deployment) : deployment.weight
      const priority = orders.length === 0 ? 0 : order === undefined ? orders.length : orders.indexOf(order)
      return {
        ...deployment,
        ...(weight === undefined ? {} : { weight: Math.min(weight, 1_000_000) }),
        ...(priority === 0 ? {} : { priority }),
      }
    }),
  )
}

/** `model_group_alias`: another name of a model, or of one that a pattern makes. */
export function addAliases(section: Section, { byName }: Models): void {
  for (const alias of section.unread()) {
    const value = section.take(alias)
    const inner = isJsonObject(value) ? value["model"] : value
    const target = typeof inner === "string" ? inner : ""
    if (isJsonObject(value) && value["hidden"] === true) section.differs(alias, "it is in the list of models, which LiteLLM hides it from")
    const model = byName.get(target)
    if (byName.has(alias)) section.left(alias, "a model has that name already, and it wins")
    else if (!namePattern.test(alias) || alias.includes("*")) section.left(alias, "the name is none here: letters, digits and . / : @ _ -")
    else if (model && !target.includes("*")) model.aliases = [...(model.aliases ?? []), alias]
    else {
      const made = madeByPattern(target, byName)
      if (made) byName.set(alias, { deployments: made })
      else section.left(alias, `there is no model ${JSON.stringify(target)} in the new configuration`)
    }
  }
}

function madeByPattern(name: string, byName: ReadonlyMap<string, ModelInput>): DeploymentInput[] | undefined {
  for (const [pattern, { deployments }] of byName) {
    const stood = matchOf(pattern, name)
    if (stood !== undefined) return deployments.map((each) => ({ ...each, model: each.model?.replace("*", stood) }))
  }
  return undefined
}
