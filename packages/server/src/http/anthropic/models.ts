// Models as Anthropic's clients expect them: the same list in other words, whole, without pages.
import type { Model } from "../../inference/index.ts"

export function anthropicModelList(models: readonly Model[]): object {
  const data = models.map(anthropicModel)
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null }
}

export function anthropicModel({ name, createdAt }: Model): { type: "model"; id: string; display_name: string; created_at: string } {
  return { type: "model", id: name, display_name: name, created_at: new Date(createdAt).toISOString() }
}
