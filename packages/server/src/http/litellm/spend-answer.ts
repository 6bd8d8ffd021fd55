// Calls and their sums as LiteLLM's spend routes show them.
import type { SpendCall, SpendCell } from "../../accounting/index.ts"
import { groupedTags } from "./group-tags.ts"

const microUsdPerUsd = 1_000_000

export function logOf(call: SpendCall): object {
  const { id, keyId, user, kind, model, deployment, failed, inputTokens, outputTokens, costMicroUsd, startedAt, durationMs } = call
  const { plain, ids } = groupedTags(call.tags)
  return {
    request_id: id,
    call_type: callTypes[kind] ?? kind,
    api_key: keyId,
    spend: costMicroUsd / microUsdPerUsd,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    startTime: timeText(startedAt),
    endTime: timeText(startedAt + durationMs),
    completionStartTime: call.firstTokenMs === null ? null : timeText(startedAt + call.firstTokenMs),
    model: model ?? "",
    model_group: model ?? "",
    model_id: deployment ?? "",
    custom_llm_provider: deployment === null ? "" : deployment.slice(0, Math.max(0, deployment.indexOf("/"))),
    user: user ?? "",
    end_user: user ?? "",
    team_id: ids.team ?? null,
    request_tags: plain,
    status: failed ? "failure" : "success",
    metadata: {},
  }
}

const callTypes: Readonly<Record<string, string>> = {
  chat: "acompletion",
  response: "aresponses",
  embedding: "aembedding",
  image: "aimage_generation",
  moderation: "amoderation",
  rerank: "arerank",
  realtime: "_arealtime",
}

/** A row a day: what all cost, and each key, user and model. */
export function byDay(cells: readonly SpendCell[]): object[] {
  const days = Map.groupBy(cells, ({ day }) => day)
  return [...days].map(([day, group]) => ({
    ...sums(group, ({ keyId }) => keyId),
    startTime: day,
    spend: total(group),
    users: sums(group, ({ user }) => user ?? ""),
    models: sums(group, ({ model }) => model ?? ""),
  }))
}

/** By day with the parts of each team or customer, or over all days by key with the parts of each model. */
export function reportOf(cells: readonly SpendCell[], groupBy: "team" | "customer" | "api_key"): object[] {
  if (groupBy === "api_key") return [...Map.groupBy(cells, ({ keyId }) => keyId)].map(([keyId, group]) => ofKey(keyId, group))
  const isTeam = groupBy === "team"
  return [...Map.groupBy(cells, ({ day }) => day)].map(([day, group]) => {
    const named = Map.groupBy(group, ({ team, user }) => (isTeam ? team : user) ?? "")
    const parts = [...named].map(([name, part]) => ({
      [isTeam ? "team_name" : "customer"]: name,
      total_spend: total(part),
      metadata: [...Map.groupBy(part, ({ model, keyId }) => JSON.stringify([model, keyId])).values()].map(partOf),
    }))
    return { group_by_day: `${day}T00:00:00+00:00`, [isTeam ? "teams" : "customers"]: parts }
  })
}

function partOf(cells: readonly SpendCell[]): object {
  const [first] = cells
  return {
    model: first?.model ?? "",
    api_key: first?.keyId ?? "",
    spend: total(cells),
    total_tokens: tokens(cells, "inputTokens") + tokens(cells, "outputTokens"),
  }
}

function ofKey(keyId: string, cells: readonly SpendCell[]): object {
  const models = Map.groupBy(cells, ({ model }) => model ?? "")
  return { api_key: keyId, ...costOf(cells), model_details: [...models].map(([model, part]) => ({ model, ...costOf(part) })) }
}

function costOf(cells: readonly SpendCell[]): object {
  return { total_cost: total(cells), total_input_tokens: tokens(cells, "inputTokens"), total_output_tokens: tokens(cells, "outputTokens") }
}

function total(cells: readonly SpendCell[]): number {
  return cells.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0) / microUsdPerUsd
}

function tokens(cells: readonly SpendCell[], member: "inputTokens" | "outputTokens"): number {
  return cells.reduce((sum, cell) => sum + cell[member], 0)
}

function sums(cells: readonly SpendCell[], nameOf: (cell: SpendCell) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(cells, nameOf)].map(([name, group]) => [name, total(group)]))
}

function timeText(at: number): string {
  return new Date(at).toISOString()
}
