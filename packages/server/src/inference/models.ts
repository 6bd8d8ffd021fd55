// The registry of logical model names: a snapshot that is replaced as a whole, and an error that knows the nearest name.
import { didYouMean } from "../config/index.ts"
import { AppError } from "../core/index.ts"
import type { Deployment, Model } from "./types.ts"

export interface Models {
  list(): readonly Model[]
  get(name: string): Model | undefined
  /** The model of that name that can do this; `model_not_found` or `unsupported_value` otherwise. */
  require(name: string, does?: keyof Deployment["does"]): Model
  /** Later calls see the new models; calls under way keep theirs. */
  replace(models: readonly Model[]): void
}

export function createModels(initial: { models: readonly Model[] }): Models {
  let byName = indexed(initial.models)
  return {
    list: () => [...byName.values()],
    get: (name) => byName.get(name),
    require: (name, does) => {
      const model = byName.get(name)
      if (!model) throw notFound(name, [...byName.keys()])
      if (does && !model.deployments.some((deployment) => deployment.does[does])) throw cannot(name, does, [...byName.values()])
      return model
    },
    replace: (models) => {
      byName = indexed(models)
    },
  }
}

/** The first of a name wins: the caller lists what was configured before what was discovered. */
function indexed(models: readonly Model[]): Map<string, Model> {
  const byName = new Map<string, Model>()
  for (const model of models) if (!byName.has(model.name)) byName.set(model.name, model)
  return byName
}

function notFound(name: string, names: readonly string[]): AppError {
  const near = didYouMean(name, names)
  const hint =
    near !== undefined
      ? `Did you mean "${near}"?`
      : names.length > 0
        ? `Known models: ${some(names)}.`
        : "No model is configured: see `perdure doctor`."
  return new AppError("model_not_found", `the model "${name.slice(0, nameShownCharactersMax)}" does not exist here`, {
    param: "model",
    hint,
  })
}

function cannot(name: string, does: keyof Deployment["does"], models: readonly Model[]): AppError {
  const able = models.filter((model) => model.deployments.some((deployment) => deployment.does[does])).map((model) => model.name)
  const hint = able.length > 0 ? `These can: ${some(able)}.` : "No configured model can."
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
