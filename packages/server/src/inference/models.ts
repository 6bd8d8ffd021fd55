// The registry of logical model names: a snapshot that is replaced as a whole, and an error that knows the nearest name.
import { didYouMean, matchOf } from "../config/index.ts"
import { AppError, defaultLimits, type Limits } from "../core/index.ts"
import type { Deployment, Model } from "./types.ts"

/** Models made on demand, for names that nobody listed: `openai/*`. */
export interface Wildcard {
  pattern: string
  /** `rest`: what the `*` stands for. */
  make: (name: string, rest: string) => Model
}

export interface RegisteredModels {
  /** Declared ones: the first of a name wins. */
  models: readonly Model[]
  wildcards?: readonly Wildcard[]
  /** Built in and discovered: what was declared, by pattern too, wins. */
  found?: readonly Model[]
}

export interface Models {
  /** Those that have a name; a wildcard has none until somebody asks. */
  list(): readonly Model[]
  wildcards(): readonly Wildcard[]
  /** By its name, by another name of it, or by a pattern. */
  get(name: string): Model | undefined
  /**
   * The model of that name that can do this; `model_not_found` or `unsupported_value` otherwise. `mayBeNamed`: the other names that the
   * error may tell of.
   */
  require(name: string, does?: keyof Deployment["does"], mayBeNamed?: (name: string) => boolean): Model
  /** Later calls see the new models; calls under way keep theirs. */
  replace(models: RegisteredModels): void
}

export interface ModelsOptions extends RegisteredModels {
  limits?: Pick<Limits, "wildcardModelsMax">
}

export function createModels({ limits = defaultLimits, ...initial }: ModelsOptions): Models {
  let registry = new Registry(initial, limits.wildcardModelsMax)
  return {
    list: () => registry.listed,
    wildcards: () => registry.wildcards,
    get: (name) => registry.get(name),
    require: (name, does, mayBeNamed = anyName) => {
      const model = registry.get(name)
      if (!model) throw notFound(name, registry.names.filter(mayBeNamed))
      if (does && !model.deployments.some((deployment) => deployment.does[does]))
        throw cannot(
          name,
          does,
          registry.listed.filter((each) => mayBeNamed(each.name)),
        )
      return model
    },
    replace: (models) => {
      registry = new Registry(models, limits.wildcardModelsMax)
    },
  }
}

const anyName = (): boolean => true
/** For calls that do not know the scope of the key that they are made for. */
export const noName = (): boolean => false

/** What may stand for a `*`: it goes into ids, headers and records. */
const wildcardName = /^[\w./:@+-]{1,128}$/

/** One snapshot. */
class Registry {
  readonly listed: readonly Model[]
  readonly wildcards: readonly Wildcard[]
  readonly #byName = new Map<string, Model>()
  readonly #made = new Map<string, Model>()
  readonly #madeMax: number

  constructor({ models, wildcards = [], found = [] }: RegisteredModels, madeMax: number) {
    this.#madeMax = madeMax
    // The pattern that says most of a name is the one that means it.
    this.wildcards = wildcards.toSorted((a, b) => b.pattern.length - a.pattern.length)
    const listed: Model[] = []
    const add = (model: Model): void => {
      if (this.#byName.has(model.name)) return
      this.#byName.set(model.name, model)
      listed.push(model)
    }
    for (const model of models) add(model)
    for (const model of models) for (const alias of model.aliases ?? []) if (!this.#byName.has(alias)) this.#byName.set(alias, model)
    for (const model of found) add(this.#make(model.name) ?? model)
    this.listed = listed
  }

  get names(): string[] {
    return [...this.#byName.keys()]
  }

  get(name: string): Model | undefined {
    const known = this.#byName.get(name) ?? this.#made.get(name)
    if (known || this.wildcards.length === 0) return known
    const made = this.#make(name)
    if (!made) return undefined
    if (this.#made.size >= this.#madeMax) for (const oldest of this.#made.keys()) if (this.#made.delete(oldest)) break
    this.#made.set(name, made)
    return made
  }

  #make(name: string): Model | undefined {
    for (const { pattern, make } of this.wildcards) {
      const rest = matchOf(pattern, name)
      if (rest !== undefined && wildcardName.test(rest)) return make(name, rest)
    }
    return undefined
  }
}

function notFound(name: string, names: readonly string[]): AppError {
  const near = didYouMean(name, names)
  const known = names.length > 0 ? `Known models: ${some(names)}.` : "GET /v1/models lists the models that this key may use."
  const hint = near === undefined ? known : `Did you mean "${near}"?`
  return new AppError("model_not_found", `the model "${name.slice(0, nameShownCharactersMax)}" does not exist here`, {
    param: "model",
    hint,
  })
}

function cannot(name: string, does: keyof Deployment["does"], models: readonly Model[]): AppError {
  const able = models.filter((model) => model.deployments.some((deployment) => deployment.does[does])).map((model) => model.name)
  const hint = able.length > 0 ? `These can: ${some(able)}.` : "No model that this key may use can."
  return new AppError("unsupported_value", `the model "${name}" cannot ${doings[does]}`, { param: "model", hint })
}

const doings: Readonly<Record<keyof Deployment["does"], string>> = {
  chat: "chat",
  embeddings: "make embeddings",
  images: "make images",
  speech: "speak",
  transcription: "write down what is said",
  moderation: "judge texts",
  rerank: "order documents",
  realtime: "talk in real time",
}

const namesShownMax = 12
/** A name comes from a request, and the message goes into its record. */
const nameShownCharactersMax = 200

function some(names: readonly string[]): string {
  const shown = names.slice(0, namesShownMax).map((name) => `"${name}"`)
  return names.length > namesShownMax ? `${shown.join(", ")} and ${names.length - namesShownMax} more` : shown.join(", ")
}
