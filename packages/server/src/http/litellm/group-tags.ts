// LiteLLM's teams, organizations, projects and agents are tags here: `team:<id>` and so on, by which calls are counted, limited and routed.

export const groups = ["team", "organization", "project", "agent"] as const
export type Group = (typeof groups)[number]

export interface GroupedTags {
  plain: string[]
  ids: Partial<Record<Group, string>>
}

/** The first tag of each group is its id. */
export function groupedTags(tags: readonly string[]): GroupedTags {
  const ids: Partial<Record<Group, string>> = {}
  const plain = tags.filter((tag) => {
    const group = groups.find((each) => ids[each] === undefined && tag.startsWith(`${each}:`))
    if (group !== undefined) ids[group] = tag.slice(group.length + 1)
    return group === undefined
  })
  return { plain, ids }
}

export function tagsOf({ plain, ids }: GroupedTags): string[] {
  const named = groups.flatMap((group) => (ids[group] === undefined ? [] : [`${group}:${ids[group]}`]))
  return [...new Set([...plain, ...named])]
}
