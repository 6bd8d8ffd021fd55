// The section `experiments`: variants of models and prompts that requests are divided among.
import { experimentDefinitionSchema, experimentNameSchema } from "@perdure/contract"
import { z } from "zod"

export const experimentSection = {
  experiments: z
    .record(experimentNameSchema, experimentDefinitionSchema)
    .default({})
    .meta({ description: "Experiments by name, for all projects; each project has scores and weights of its own" }),
}
