// Public face of experiments.
export { createExperiments, type Experiments } from "./experiments.ts"
export { experimentPrefix, loadExperiments, type ExperimentRows } from "./held.ts"
export { experimentSummary, readExperiment } from "./report.ts"
export { Sampler } from "./sampler.ts"
export type { Asker, Assigned, DeclaredExperiment, HeldExperiment } from "./types.ts"
