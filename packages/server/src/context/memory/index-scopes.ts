// Which scopes of the index a memory scope has: one of what is believed now, where recalls look, and one of what was believed before.

/** Memory scopes and vector stores share the index; the prefix keeps them apart. */
export function memoryScopeId(scope: string): string {
  return `memory:${scope}`
}

/** Versions that are no longer believed: what is recalled now is neither ranked nor counted with them. */
export function historyScopeId(scope: string): string {
  return `history:${scope}`
}
