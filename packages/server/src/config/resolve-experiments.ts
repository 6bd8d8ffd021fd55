// Experiments that the configuration declares: whether each makes sense as a whole, and whether the models in it lead somewhere.
import { experimentProblem } from "@perdure/contract"
import type { Path } from "./paths.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { ParsedConfig } from "./schema.ts"
import type { ExperimentConfig } from "./types.ts"

export interface ResolveExperimentsOptions {
  origin: (path: Path) => string
  /** Says what is wrong with the name of a model, where it leads nowhere. */
  checkModel: (path: Path, name: string) => void
  add: AddProblem
}

export function resolveExperiments(input: ParsedConfig["experiments"], options: ResolveExperimentsOptions): ExperimentConfig[] {
  const owners = { models: new Map<string, string>(), prompts: new Map<string, string>() }
  return Object.entries(input).map(([name, definition]) => {
    const path: Path = ["experiments", name]
    const problem = experimentProblem(definition)
    if (problem) options.add([...path, ...problem.path], { what: problem.message })
    for (const [variant, { model }] of Object.entries(definition.variants))
      if (model !== undefined) options.checkModel([...path, "variants", variant, "model"], model)
    for (const section of ["models", "prompts"] as const)
      for (const [index, each] of definition[section].entries()) {
        const other = owners[section].get(each)
        if (other !== undefined)
          options.add([...path, section, index], {
            what: `${JSON.stringify(each)} takes part in ${other === name ? "this experiment already" : `the experiment ${JSON.stringify(other)}`}`,
            allowed: "one experiment for each",
          })
        owners[section].set(each, name)
      }
    return { name, definition, origin: options.origin(path) }
  })
}
