// Names with a `*` in them.

/** What the `*` of a pattern stands for in a name; undefined when it does not match or has none. */
export function matchOf(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf("*")
  if (star < 0) return undefined
  const end = pattern.slice(star + 1)
  const isMatch = name.length > pattern.length - 1 && name.startsWith(pattern.slice(0, star)) && name.endsWith(end)
  return isMatch ? name.slice(star, name.length - end.length) : undefined
}
