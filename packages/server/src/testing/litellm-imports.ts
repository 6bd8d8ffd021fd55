// Configurations of LiteLLM brought over for the tests of one file: the examples by their names, and texts that a test writes.
import { join } from "node:path"
import { configImports, type ConfigImports, type ImportedConfig, type ImportEntry } from "./config-imports.ts"

export const examples = join(import.meta.dirname, "../cli/litellm/examples")

interface LiteLlmImports extends Pick<ConfigImports, "directory" | "imported"> {
  /** One of the examples, by its name. */
  loaded: (name: string) => Promise<ImportedConfig>
  loadedText: (text: string) => Promise<ImportedConfig>
}

export function liteLlmImports(): LiteLlmImports {
  const { directory, imported, loaded, written } = configImports("litellm", (name) => valueFor(name, account))
  const account = written("account.json", { type: "service_account" })
  return {
    directory,
    imported,
    loaded: (name) => loaded(join(examples, `${name}.yaml`)),
    loadedText: (text) => loaded(written("given.yaml", text)),
  }
}

export const whysOf = (entries: readonly ImportEntry[], path: string): string[] =>
  entries.filter(({ paths }) => paths.some((each) => each.startsWith(path))).map(({ why }) => why)

function valueFor(name: string, account: string): string {
  if (name === "GOOGLE_APPLICATION_CREDENTIALS") return account
  return /BASE|WEBHOOK/.test(name) ? `https://${name.toLowerCase().replaceAll("_", "-")}.example.com` : `value-of-${name}`
}
