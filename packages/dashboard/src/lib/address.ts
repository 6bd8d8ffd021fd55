// What the address of a page says of its filters, so that a link or a reload shows the same.
import { useSearchParams } from "wouter"

export interface Address {
  params: URLSearchParams
  /** An empty value takes the name out. */
  set: (name: string, value: string) => void
  clear: () => void
}

export function useAddress(): Address {
  const [params, setParams] = useSearchParams()
  const set = (name: string, value: string): void =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      if (value === "") next.delete(name)
      else next.set(name, value)
      return next
    })
  return { params, set, clear: () => setParams({}) }
}
