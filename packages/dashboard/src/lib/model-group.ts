// The groups of usage by model: a name, or all the names that no model has.

/** The server's word for names with which every call was refused. */
const unknown = "(unknown)"

export function isUnknownModel(group: string): boolean {
  return group === unknown
}

export function modelName(group: string): string {
  return isUnknownModel(group) ? "names of no model" : group
}

/** The runs of a group. */
export function runsOfModel(group: string): string {
  return `/runs?search=${encodeURIComponent(isUnknownModel(group) ? "model_not_found" : group)}`
}
