// Light or dark: the system's choice until the person makes one, kept in the browser.
import { useSyncExternalStore } from "react"

export type Theme = "system" | "light" | "dark"

const key = "perdure.theme"
const order: readonly Theme[] = ["system", "light", "dark"]
const listeners = new Set<() => void>()

export function startTheme(): void {
  apply(currentTheme())
}

export function useTheme(): { theme: Theme; next: () => void } {
  const theme = useSyncExternalStore(subscribe, currentTheme)
  return { theme, next: () => choose(order[(order.indexOf(theme) + 1) % order.length] ?? "system") }
}

function currentTheme(): Theme {
  const stored = localStorage.getItem(key)
  return order.find((theme) => theme === stored) ?? "system"
}

function choose(theme: Theme): void {
  localStorage.setItem(key, theme)
  apply(theme)
  for (const listener of listeners) listener()
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = theme
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
