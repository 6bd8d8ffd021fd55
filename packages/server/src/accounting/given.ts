// Optional members without those that are undefined.

export function given<K extends string>(members: Record<K, number | undefined>): Partial<Record<K, number>> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<Record<K, number>>
}
