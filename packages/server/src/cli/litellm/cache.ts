// LiteLLM's cache of answers as the cache of each model.
import type { ConfigInput } from "../../config/index.ts"
import type { Models } from "./models.ts"
import type { Section } from "./section.ts"

type CacheInput = NonNullable<NonNullable<ConfigInput["models"]>[string]["cache"]>

/** Where its answers lie: here in memory and in Postgres, which need no settings. */
const places =
  /^(?:type|host|port|username|password|url|db|namespace|ssl.*|max_connections|redis_.*|service_name|sentinel_.*|gcp_.*|gcs_.*|s3_.*|qdrant_.*|disk_.*|azure_.*|socket_.*|startup_nodes)$/

export function addCache(litellm: Section, { byName }: Models): void {
  const isOn = litellm.flag("cache")
  const params = litellm.section("cache_params")
  if (isOn !== true) return forget(params)
  const type = params.text("type") ?? "local"
  const mode = params.text("mode")
  const ttl = params.count("ttl") ?? params.count("default_in_redis_ttl") ?? params.count("default_in_memory_ttl")
  const similarity = params.number("similarity_threshold")
  const calls = params.words("supported_call_types")
  const cache: CacheInput = {
    mode: type.endsWith("semantic") ? "semantic" : "exact",
    ...(ttl === undefined ? {} : { ttlSeconds: Math.min(ttl, 31_536_000) }),
    ...(similarity === undefined || !type.endsWith("semantic") ? {} : { similarityMin: Math.min(1, Math.max(0.5, similarity)) }),
  }
  forget(params)
  if (mode === "default_off") {
    litellm.differs(
      "cache_params",
      "the cache is off until a request asks for it by perdure: { cache: … }, not by cache: { use-cache: true }",
    )
    return
  }
  if (calls.length > 0 && !calls.some((call) => /completion/.test(call))) {
    litellm.left("cache_params", "answers to chats and messages are kept, and nothing else")
    return
  }
  for (const model of byName.values()) if (model.deployments.some(({ does }) => does === undefined)) model.cache = { ...cache }
  litellm.differs(
    "cache",
    "answers are shared by the calls of one key, where LiteLLM shares them among all keys",
    "scope: project shares them among all keys of the project.",
  )
}

function forget(params: Section): void {
  const found = params.unread().filter((key) => places.test(key))
  for (const key of found) params.take(key)
  if (found.length > 0)
    params.report.add("not-needed", params.path, "answers are kept in memory, and shared through Postgres where several processes use one")
  for (const key of params.unread()) {
    params.take(key)
    params.left(key, "Perdure's cache has no such setting")
  }
}
