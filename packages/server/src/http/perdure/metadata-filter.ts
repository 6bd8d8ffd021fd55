// `metadata=customer=acme` of a query: what runs say of themselves, up to the first equals sign and after it.

/** The schema has seen that there is one. */
export function pairIn(text: string | undefined): { key: string; value: string } | undefined {
  if (text === undefined) return undefined
  const at = text.indexOf("=")
  return { key: text.slice(0, at), value: text.slice(at + 1) }
}
