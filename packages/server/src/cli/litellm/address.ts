// Addresses in LiteLLM's configuration that have variables in them: read as addresses all the same, and each variable told.
import type { Section } from "./section.ts"

/** `os.environ/NAME`, and `${NAME}`, which what puts the file in place fills in; with a default it need not be set. */
const variable = /os\.environ\/(\w+)|\$\{(\w+)(:-[^}]*)?\}/g

/** As text of Perdure's configuration. */
export function addressText(section: Section, key: string): string | undefined {
  const value = section.take(key)
  if (typeof value !== "string" || value === "") return undefined
  return value.replaceAll(variable, (_whole, ofLiteLlm: string | undefined, plain = "", byDefault = "") => {
    const name = ofLiteLlm ?? String(plain)
    if (byDefault === "") section.report.wants(name, section.at(key))
    return `\${${name}${String(byDefault)}}`
  })
}

/** Nobody knows where it leads. */
export function beginsWithVariable(address: string): boolean {
  return address.startsWith("${")
}

/** Undefined where it is none; variables are as good as what will stand there. */
export function urlOf(address: string): URL | undefined {
  const filled = address.replaceAll(variable, (_whole, _ofLiteLlm, name: string, _byDefault, at: number) =>
    address.slice(0, at).endsWith(":")
      ? somePort
      : name
          .toLowerCase()
          .replaceAll("_", "-")
          .replaceAll(/^-+|-+$/g, ""),
  )
  return URL.canParse(filled) ? new URL(filled) : undefined
}

const somePort = "1"

/** Without what follows a `?` or `#`, and without slashes at the end. */
export function originAndPath(address: string): string {
  if (!address.includes("${")) {
    const { origin, pathname } = new URL(address)
    return (origin + pathname).replace(/\/+$/, "")
  }
  return address.replace(/[?#].*$/, "").replace(/\/+$/, "")
}
