// Portkey's cache of a config as the one of its model.
import type { ConfigModels, Section } from "../litellm/index.ts"

type Cache = NonNullable<ConfigModels[string]["cache"]>

export function cacheIn(config: Section): Cache | undefined {
  if (!config.has("cache")) return undefined
  const written = config.value["cache"]
  const section = config.section("cache")
  const mode = typeof written === "string" ? written : section.text("mode")
  const seconds = section.number("max_age")
  if (mode !== "simple" && mode !== "semantic") {
    config.left("cache", `there is no cache of the mode ${JSON.stringify(mode ?? null)}`)
    return undefined
  }
  config.report.add(
    "differs",
    config.at("cache"),
    "answers are shared by the calls of one key",
    "scope: project shares them among all keys, as Portkey's cache does.",
  )
  return {
    mode: mode === "simple" ? "exact" : "semantic",
    ...(seconds === undefined ? {} : { ttlSeconds: Math.min(31_536_000, Math.max(1, Math.round(seconds))) }),
  }
}
