// Portkey's targets as deployments of a model: what is tried in turn as priorities, what shares calls as weights.
import type { FailureKey } from "../../config/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { parametersOf, reportRest, Section, type ConfigModels, type Providers, type Reasons, type Report } from "../litellm/index.ts"
import { cacheIn } from "./cache.ts"
import { failuresIn, retryIn } from "./failures.ts"
import { placeIn, placeMembers } from "./places.ts"

type Deployment = ConfigModels[string]["deployments"][number]
/** Deployments that share calls; the groups are tried in their order. */
type Group = readonly Deployment[]

export interface Around {
  places: Providers
  report: Report
}

/** What a target has from those around it. */
export interface Inherited {
  place?: JsonObject
  params?: JsonObject
  retry?: Deployment["retry"]
  totalMs?: number
  /** After which failures the next target is asked; undefined: there is none, or whatever another may heal. */
  fallbackOn?: readonly FailureKey[]
  /** Some target around it falls back. */
  fallsBack?: boolean
}

const deploymentsMax = 256

/** The model under its name, or a pattern of names where a target takes whatever a request names. */
export function modelOf(name: string, config: Section, groups: readonly Group[]): ConfigModels | undefined {
  const all = groups.flatMap((group, priority) => group.map((each) => (priority === 0 ? each : { ...each, priority })))
  if (all.length === 0) return undefined
  const isAny = all.some(({ model }) => model?.includes("*"))
  const cache = cacheIn(config)
  return { [isAny ? `${name}/*` : name]: { deployments: all.slice(0, deploymentsMax), ...(cache === undefined ? {} : { cache }) } }
}

export function groupsOf(section: Section, inherited: Inherited, around: Around): Group[] {
  const own = inheritedBy(section, inherited)
  const strategy = section.section("strategy")
  const mode = strategy.text("mode") ?? "single"
  const targets = section.list("targets").map((value, index) => new Section(value, section.at(`targets[${index}]`), around.report))
  if (targets.length === 0) return leaf(section, own, around)
  for (const key of strategy.unread()) if (key !== "on_status_codes") strategy.take(key)
  if (mode === "fallback") return fallback(strategy, targets, { own, around })
  strategy.take("on_status_codes")
  if (mode === "loadbalance") return shared(section, targets, { own, around })
  return single(section, mode, targets, { own, around })
}

interface Inside {
  own: Inherited
  around: Around
}

function single(section: Section, mode: string, targets: readonly Section[], { own, around }: Inside): Group[] {
  if (mode === "conditional")
    section.left("strategy", "conditions stand at the top of a config alone: the first target is taken", "Write routingRules by hand.")
  else if (mode !== "single") section.left("strategy", `there is no strategy ${JSON.stringify(mode)}: the first target is taken`)
  for (const { report, path } of targets.slice(1)) report.add("not-needed", path, "only the first target is asked")
  const [first] = targets
  return first ? groupsOf(first, own, around) : []
}

function fallback(strategy: Section, targets: readonly Section[], { own, around }: Inside): Group[] {
  const on = strategy.has("on_status_codes") ? failuresIn(strategy) : undefined
  if (on === undefined)
    strategy.report.add(
      "differs",
      strategy.path,
      "what the request itself did wrong is told at once, without asking the next target",
      "fallbackOn with request in its list leads on after that too.",
    )
  const leading: Inherited = { ...own, fallsBack: true, ...(on === undefined ? {} : { fallbackOn: on }) }
  return targets.flatMap((target, index) => groupsOf(target, index < targets.length - 1 ? leading : { ...own, fallsBack: true }, around))
}

/** Groups of the same place in their order share calls as their targets do. */
function shared(section: Section, targets: readonly Section[], { own, around }: Inside): Group[] {
  if (own.fallsBack !== true)
    section.report.add(
      "differs",
      section.at("strategy"),
      "where a target fails, another of the same weights is asked before the failure is told",
      "fallbackOn: [] of a deployment tells it at once.",
    )
  const found = targets.map((target) => ({ weight: weightOf(target), groups: groupsOf(target, own, around) }))
  if (found.some(({ groups }) => groups.length > 1))
    section.report.add("differs", section.at("targets"), "what stands behind one target stands behind all of them")
  const depth = Math.max(0, ...found.map(({ groups }) => groups.length))
  return Array.from({ length: depth }, (_, place) => found.flatMap(({ weight, groups }) => weighted(groups[place] ?? [], weight)))
}

function weightOf(target: Section): number {
  const weight = target.number("weight") ?? 1
  return Math.min(1_000_000, Math.max(0, weight))
}

function weighted(group: Group, weight: number): Deployment[] {
  const all = group.reduce((sum, each) => sum + (each.weight ?? 1), 0)
  return group.map((each) => {
    const share = all === 0 ? 0 : Math.round((1_000 * weight * (each.weight ?? 1)) / all) / 1_000
    return share === 1 ? withoutWeight(each) : { ...each, weight: share }
  })
}

function withoutWeight(deployment: Deployment): Deployment {
  const { weight: _, ...rest } = deployment
  return rest
}

export function inheritedBy(section: Section, inherited: Inherited): Inherited {
  const params = section.take("override_params")
  const retry = retryIn(section)
  const totalMs = section.number("request_timeout")
  return {
    ...inherited,
    place: { ...inherited.place, ...placeMembers(section) },
    params: { ...inherited.params, ...(isJsonObject(params) ? params : {}) },
    ...(retry === undefined ? {} : { retry }),
    ...(totalMs === undefined || totalMs < 1 ? {} : { totalMs: Math.min(86_400_000, Math.round(totalMs)) }),
  }
}

function leaf(section: Section, { place = {}, params = {}, retry, totalMs, fallbackOn }: Inherited, around: Around): Group[] {
  const { model, ...rest } = params
  const found = placeIn(section, typeof model === "string" && model !== "" ? model : "*", place)
  section.take("name")
  section.take("weight")
  if (section.path !== "" && /targets\[/.test(section.path)) reportRest(section, targetReasons)
  if (found === undefined) return []
  const placed = around.places.placesOf(new Section(found.params, section.path, around.report))
  const deployments = placed.map((each): Deployment => {
    const { parameters } = parametersOf(overrides(section, rest), around.places.typeOf(each.provider), each.model)
    return {
      ...each,
      ...(totalMs === undefined ? {} : { timeouts: { totalMs } }),
      ...(retry === undefined ? {} : { retry }),
      ...(fallbackOn === undefined ? {} : { fallbackOn: [...fallbackOn] }),
      ...(parameters === undefined ? {} : { overrideParameters: parameters }),
    }
  })
  return deployments.length === 0 ? [] : [deployments]
}

function overrides(section: Section, rest: Readonly<Record<string, JsonValue | undefined>>): Section {
  return new Section(rest, section.at("override_params"), section.report)
}

const targetReasons: Reasons = [
  [/^cache$/, "left-out", "answers are kept for a model, not for one target", "models.<name>.cache"],
  [/guardrails$|_hooks$/, "left-out", "guards stand around a model, not around one target", "Write them at the top of the config."],
  [/^forward_headers$/, "left-out", "headers of clients are not passed on", "headers of a deployment have fixed values."],
  [/^(?:strict_open_ai_compliance|index|id|metadata)$/, "not-needed", "it changes nothing here"],
]
