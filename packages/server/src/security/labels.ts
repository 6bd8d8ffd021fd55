// Information-flow labels: what a datum may influence, who may see it, and how labels join when data meet.

/** 0 anyone (an outsider can have written it) · 1 curated · 2 system · 3 the user or the operator. */
export type Integrity = 0 | 1 | 2 | 3

export interface Label {
  readonly integrity: Integrity
  /** Who can have written it: `user:…`, `tool:name#run/seq`, `url:host`, `file:file_…`, `memory:mem_…`; at most `sourcesMax`, then "many". */
  readonly sources: readonly string[]
  /** Who may see it; "public" is everybody. */
  readonly readers: "public" | readonly string[]
  /** Secrets in it, by tag: `api-key`, `canary`, `pii:iban` … */
  readonly secrets: readonly string[]
}

export const sourcesMax = 16

/** The label of a datum whose origin nobody stated: the most restricted one. */
export function unknownLabel(owner: string): Label {
  return { integrity: 0, sources: ["unknown"], readers: [owner], secrets: [] }
}

/** What a user typed, or what an operator wrote into the configuration. */
export function userLabel(principal: string): Label {
  return { integrity: 3, sources: [`user:${principal}`], readers: [principal], secrets: [] }
}

/** What the system itself computed: ids, times, counts. */
export function systemLabel(owner: string): Label {
  return { integrity: 2, sources: ["system"], readers: [owner], secrets: [] }
}

/**
 * Join of what influenced one datum: minimum integrity, union of sources, intersection of readers, union of secrets.
 * Associative, commutative, idempotent; `joinIdentity` is its neutral element.
 */
export function joinLabels(labels: readonly Label[]): Label {
  return labels.reduce(joinTwo, joinIdentity)
}

export const joinIdentity: Label = { integrity: 3, sources: [], readers: "public", secrets: [] }

function joinTwo(a: Label, b: Label): Label {
  return {
    integrity: Math.min(a.integrity, b.integrity) as Integrity, // the minimum of two members is a member
    sources: capped(union(a.sources, b.sources)),
    readers: intersect(a.readers, b.readers),
    secrets: union(a.secrets, b.secrets),
  }
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort()
}

function capped(sources: readonly string[]): readonly string[] {
  return sources.includes("many") || sources.length > sourcesMax ? ["many"] : sources
}

function intersect(a: Label["readers"], b: Label["readers"]): Label["readers"] {
  if (a === "public") return b === "public" ? "public" : [...new Set(b)].sort()
  if (b === "public") return [...new Set(a)].sort()
  return a.filter((reader) => b.includes(reader)).sort()
}
