// What a project has and changes seldom: keys, prompts, experiments.
export interface ProjectLimits {
  /** Keys of one project that can be used, those of them that expire later included; revoked and expired ones do not count. */
  keysPerProjectMax: number
  /** Secrets of one key that rotations replaced and that still work. */
  keyOldSecretsMax: number
  /** Longest time until a change of a key is read whose notification was lost. */
  keyPollMs: number
  /** Time between two writes of when keys were last used. */
  keyUseFlushMs: number
  /** Longest time until a change of a prompt or an experiment is read whose notification was lost. */
  promptPollMs: number
  /** Time between two looks at whether scores of experiments are due for another look at their weights. */
  experimentLookMs: number
  /** Experiments that one project makes over the API. */
  experimentsPerProjectMax: number
  /** Versions of all prompts of one project; every process keeps them in memory. */
  promptVersionsMax: number
  /** One version, as JSON. */
  promptBytesMax: number
  /** What the values of one request's variables may make of a prompt. */
  renderedPromptBytesMax: number
}

export const projectLimits: ProjectLimits = {
  keysPerProjectMax: 10_000,
  keyOldSecretsMax: 5,
  keyPollMs: 1_000,
  keyUseFlushMs: 10_000,
  promptPollMs: 1_000,
  experimentLookMs: 5_000,
  experimentsPerProjectMax: 100,
  promptVersionsMax: 2_000,
  promptBytesMax: 256 * 1024,
  renderedPromptBytesMax: 8 * 1024 * 1024,
}
