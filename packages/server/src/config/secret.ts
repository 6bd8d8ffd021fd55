// A secret value that cannot be printed by accident, and what tells a secret from a harmless word.

/** Holds a secret; only `reveal()` gives it. Printing, logging, JSON and inspecting it give where it came from instead. */
export class Secret {
  readonly #value: string
  /** Where the value came from: `env OPENAI_API_KEY`, `file /run/secrets/key`, `literal`. */
  readonly origin: string

  constructor(value: string, origin: string) {
    this.#value = value
    this.origin = origin
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `[secret: ${this.origin}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

const knownPrefix = /^(sk|pk|rk|gsk|hf|xai|ghp|gho|glpat|xox[abpr]|pplx|nvapi|r8|tgp|AIza|AKIA|perdure|pk_live|sk_live)[-_A-Za-z0-9]/

/** It begins as keys of known makers do. */
export function hasSecretPrefix(value: string): boolean {
  return knownPrefix.test(value) && !/\s/.test(value)
}

/** True for what looks like a real key or token; dummy words that local servers want (`none`, `ollama`, `lm-studio`) are not. */
export function looksLikeSecret(value: string): boolean {
  if (/\s/.test(value)) return false
  if (knownPrefix.test(value) && value.length >= 12) return true
  return value.length >= 20 && /^[\w.~+/=-]+$/.test(value) && /\d/.test(value) && /[a-z]/i.test(value) && !/^[./]|:\/\//.test(value)
}

/** A connection address without what is secret in it: user and password, query. */
export function maskUrl(value: string): string {
  if (!URL.canParse(value)) return "[hidden]"
  const url = new URL(value)
  const who = url.username === "" && url.password === "" ? "" : "***@"
  return `${url.protocol}//${who}${url.host}${url.pathname}${url.search === "" ? "" : "?***"}`
}
