// What stands around a call, from the configuration: the answer cache of the models that use one, and the guards.
import type { OpenGuards } from "../agents/index.ts"
import type { Admission, Records } from "../accounting/index.ts"
import { matchOf, type CacheConfig, type Config, type GuardConfig } from "../config/index.ts"
import { createAnswerCache, type CachePolicy, type EmbeddedEmbeddings, type QuestionEmbedding } from "../inference/index.ts"
import type { ModelCache } from "../http/index.ts"
import {
  createGuards,
  createModeration,
  createRedactor,
  type Guard,
  type GuardDefinition,
  type Guards,
  type Identity,
} from "../security/index.ts"
import type { Store } from "../store/index.ts"
import { admitEmbeddings } from "./admitted-embed.ts"
import { moderateBy } from "./guard-moderation.ts"
import type { Inference } from "./inference.ts"
import type { Shared } from "./services.ts"

export interface Shaping {
  cache: ModelCache
  /** Of the configuration in force. */
  guards: Guards
  /** The same for calls inside of durable runs; undefined while there are none, so that they cost nothing. */
  guardsNow: () => OpenGuards | undefined
  /** Makes what another configuration says; what it returns puts it into force. */
  prepare(config: Config): () => void
}

export interface ShapingParts {
  store: Store
  inference: Inference
  minilm: EmbeddedEmbeddings
  records: Records
  admission: Pick<Admission, "reserve">
  identity: Pick<Identity, "getKey" | "principalOfKey">
}

export function composeShaping(shared: Shared, config: Config, parts: ShapingParts, cleanUps: AsyncDisposableStack): Shaping {
  const { cache, followCache } = composeCache(shared, config, parts, cleanUps)
  let guards = composeGuards(shared, config, parts)
  let open = openGuardsOf(config, guards, parts)
  return {
    cache,
    guards: {
      get isEmpty() {
        return guards.isEmpty
      },
      open: (context, allowsModel) => guards.open(context, allowsModel),
    },
    guardsNow: () => (guards.isEmpty ? undefined : open),
    prepare: (next) => {
      const nextGuards = composeGuards(shared, next, parts)
      return () => {
        guards = nextGuards
        open = openGuardsOf(next, nextGuards, parts)
        followCache(next)
      }
    },
  }
}

/** A durable run knows the id of its principal; the tags of a key are looked up where a guard asks for them, its models in memory. */
function openGuardsOf(config: Config, guards: Guards, { identity }: ShapingParts): OpenGuards {
  const needsTags = config.guards.some(({ when }) => when.tags !== undefined)
  return async (context) => {
    const key = needsTags ? await identity.getKey(context.projectId, context.principal) : undefined
    const allowsModel = identity.principalOfKey(context.principal)?.scope?.allowsModel
    return guards.open({ ...context, tags: key?.tags ?? [] }, allowsModel)
  }
}

function composeCache(
  shared: Shared,
  config: Config,
  parts: ShapingParts,
  cleanUps: AsyncDisposableStack,
): Pick<Shaping, "cache"> & { followCache: (config: Config) => void } {
  // The embedded database has one process only, whose memory is nearer.
  const store = parts.store.engine === "postgres" ? parts.store : undefined
  const answers = cleanUps.use(createAnswerCache({ ...shared, store, embedding: questionEmbedding(shared, config, parts) }))
  let policyOf = policiesOf(config)
  return {
    cache: { answers, policyOf: (model) => policyOf(model) },
    followCache: (next) => {
      policyOf = policiesOf(next)
    },
  }
}

/** By the name of the model, else by the pattern that says most of it, as models themselves are found. */
function policiesOf({ models }: Config): ModelCache["policyOf"] {
  const named = new Map(Object.entries(models).map(([name, { cache }]) => [name, cache ? policyOf(cache) : undefined]))
  const patterns = [...named].filter(([name]) => name.includes("*")).toSorted(([a], [b]) => b.length - a.length)
  return (model) => {
    if (patterns.length === 0 || named.has(model)) return named.get(model)
    return patterns.find(([pattern]) => matchOf(pattern, model) !== undefined)?.[1]
  }
}

function policyOf({ ttlSeconds, ...policy }: CacheConfig): CachePolicy {
  return { ...policy, ttlMs: ttlSeconds * 1000 }
}

/** The model that also embeds memories and files. */
function questionEmbedding(shared: Shared, config: Config, parts: ShapingParts): QuestionEmbedding | undefined {
  const { inference, minilm } = parts
  const model = config.defaults.embeddingModel ?? minilm.deployment.id
  if (model === minilm.deployment.id && minilm.unavailable !== null) return undefined
  const embedFor = admitEmbeddings({ ...shared, ...inference, ...parts }, model, "cache.embed")
  const embedAs: QuestionEmbedding["embedAs"] = ({ projectId, principal, said }) =>
    embedFor({ projectId, principal, said, isPatient: false })
  const readsWhole = (text: string): boolean => {
    const [deployment] = inference.models.get(model)?.deployments ?? []
    const tokensMax = deployment?.contextTokensMax ?? tokensMaxUnknown
    // A token is a byte at least; the model of this process can tell exactly.
    return deployment?.id === minilm.deployment.id ? minilm.countTokens(text) <= tokensMax : Buffer.byteLength(text) <= tokensMax
  }
  return { model, embedAs, readsWhole }
}

/** Where a model's length is not known: what every embedding model in use reads. */
const tokensMaxUnknown = 512

function composeGuards(shared: Shared, config: Config, parts: ShapingParts): Guards {
  const rules = config.guards.map((each) => ({ guard: guardOf(shared, each, parts), when: each.when }))
  return createGuards({ rules, limits: shared.limits })
}

function guardOf(shared: Shared, config: GuardConfig, parts: ShapingParts): Guard {
  if (config.type === "custom") return config as unknown as GuardDefinition // checked when the configuration was loaded
  const { name, on } = config
  const looksAt = { name, inRequest: on.includes("request"), inAnswer: on.includes("answer") }
  const route = { kind: "route", model: config.routeTo ?? "" } as const // a route without a model was refused
  if (config.type === "moderate") {
    const { action, failOpen, holdBackChars, scoreMax } = config
    const moderate = moderateBy(shared, config, parts)
    return createModeration({
      ...looksAt,
      failOpen,
      holdBackChars,
      scoreMax,
      moderate,
      action: action === "route" ? route : { kind: action },
    })
  }
  const { action, entities, restore } = config
  const patterns = config.patterns.map(({ kind, regex, ignoreCase, charsMax }) => {
    return { kind, regex: new RegExp(regex, ignoreCase ? "gi" : "g"), charsMax }
  })
  return createRedactor({ ...looksAt, entities, patterns, restore, action: action === "route" ? route : { kind: action } })
}
