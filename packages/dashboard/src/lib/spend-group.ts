// What spend is summed by: a fixed choice, or a name of what requests say of themselves; how a group is called, and where it leads.
import { modelName, runsOfModel } from "./model-group.ts"

export const spendGroups = [
  ["model", "By model"],
  ["deployment", "By deployment"],
  ["principal", "By key"],
  ["user", "By user"],
  ["tag", "By tag"],
  ["metadata", "By metadata"],
  ["kind", "By kind"],
] as const

export type SpendGroup = (typeof spendGroups)[number][0] | `metadata.${string}`

const ofName = "metadata."

/** What the address says; by model where it says nothing that is known. */
export function spendGroupOf(given: string | null): SpendGroup {
  if (given?.startsWith(ofName) === true && given.length > ofName.length) return given as SpendGroup // as the type has it
  return spendGroups.find(([name]) => name === given)?.[0] ?? "model"
}

/** The choices, with the name that is looked at. */
export function spendGroupOptions(group: SpendGroup): (readonly [string, string])[] {
  return group.startsWith(ofName) ? [...spendGroups, [group, spendGroupTitle(group)]] : [...spendGroups]
}

export function spendGroupTitle(group: SpendGroup): string {
  return group.startsWith(ofName) ? `By ${group.slice(ofName.length)}` : (spendGroups.find(([name]) => name === group)?.[1] ?? "")
}

/** What stands for runs without a group. */
const noneOf: Readonly<Record<string, string>> = {
  model: "no model",
  deployment: "no deployment",
  principal: "nobody",
  user: "no user",
  tag: "no tag",
  metadata: "no metadata",
  kind: "none",
}

export function spendGroupName(group: SpendGroup, name: string, nameOfKey: (id: string) => string): string {
  if (name === "") return noneOf[group] ?? `no ${group.slice(ofName.length)}`
  return group === "principal" ? nameOfKey(name) : group === "model" ? modelName(name) : name
}

/** The runs of a group; of a name the values that it has. */
export function spendGroupLink(group: SpendGroup, range: string): ((name: string) => string) | undefined {
  if (group === "model") return runsOfModel
  if (group === "tag") return (name) => `/runs?tag=${encodeURIComponent(name)}`
  if (group === "metadata") return (name) => `/spend?${new URLSearchParams({ by: `${ofName}${name}`, range })}`
  if (group.startsWith(ofName)) return (name) => runsSaying(group.slice(ofName.length), name)
  return undefined
}

export function runsSaying(name: string, value: string): string {
  return `/runs?metadata=${encodeURIComponent(`${name}=${value}`)}`
}

/** What was typed: `name=value`, or a tag. */
export function spendFilterOf(typed: string): { tag?: string; metadata?: string } {
  if (typed === "") return {}
  return typed.indexOf("=") > 0 ? { metadata: typed } : { tag: typed }
}
