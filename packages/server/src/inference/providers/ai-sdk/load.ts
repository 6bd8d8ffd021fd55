// Finds a provider package of the AI SDK in the application's folder and makes its provider.
import { readFile } from "node:fs/promises"
import { createRequire, findPackageJSON } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { AppError, isJsonObject, messageOf, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { SdkProvider } from "./spec.ts"

/** The package is the application's own, beside Perdure: it is never installed with it. */
export async function loadProvider(deployment: Deployment, applicationFolder: string): Promise<SdkProvider> {
  const name = textIn(deployment, "package")
  if (name === undefined) throw unusable(deployment, "names no package", "Set settings.package to one such as @ai-sdk/perplexity.")
  const exports = await importPackage(name, deployment, applicationFolder)
  const create = factoryIn(exports, name, deployment)
  try {
    return create(optionsOf(deployment)) as SdkProvider // what provider packages promise; its models are checked when they are asked for
  } catch (cause) {
    throw unusable(deployment, `makes no provider of "${name}": ${messageOf(cause)}`, "Check its settings.", cause)
  }
}

async function importPackage(name: string, deployment: Deployment, folder: string): Promise<Record<string, unknown>> {
  const entry = await entryOf(name, folder)
  if (entry === undefined)
    throw unusable(deployment, `uses the package "${name}", which is not installed in ${folder}`, `Run \`npm install ${name}\` there.`)
  try {
    return (await import(pathToFileURL(entry).href)) as Record<string, unknown> // a module's exports
  } catch (cause) {
    throw unusable(deployment, `cannot load the package "${name}": ${messageOf(cause)}`, `Run \`npm install ${name}\` in ${folder}.`, cause)
  }
}

/** The file to import; undefined where there is no such package. */
async function entryOf(name: string, folder: string): Promise<string | undefined> {
  const from = pathToFileURL(join(folder, "noop.js"))
  let description: string | undefined
  try {
    description = findPackageJSON(name, from)
  } catch {
    return undefined
  }
  if (description === undefined) return undefined
  const { exports, module, main } = JSON.parse(await readFile(description, "utf8")) as JsonObject // a package.json that Node found
  const own = isJsonObject(exports) && exports["."] !== undefined ? exports["."] : exports
  const entry = conditional(own) ?? (typeof module === "string" ? module : main)
  return typeof entry === "string" ? join(dirname(description), entry) : createRequire(from).resolve(name)
}

/** Conditions are met in their own order, as Node does. */
function conditional(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value
  if (!isJsonObject(value)) return undefined
  for (const [condition, inner] of Object.entries(value)) {
    if (!["import", "node", "module-sync", "default"].includes(condition)) continue
    const found = conditional(inner)
    if (found !== undefined) return found
  }
  return undefined
}

type Create = (options: JsonObject) => unknown

/** `createMistral` of `@ai-sdk/mistral`; where there are several, the configuration names one. */
function factoryIn(exports: Record<string, unknown>, name: string, deployment: Deployment): Create {
  const chosen = textIn(deployment, "factory")
  const names = Object.keys(exports).filter((each) => each.startsWith("create") && typeof exports[each] === "function")
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "")
  const own = names.find((each) => plain(each) === `create${plain(name.slice(name.lastIndexOf("/") + 1))}`)
  const found = chosen ?? own ?? (names.length === 1 ? names[0] : undefined)
  const create = found === undefined ? undefined : exports[found]
  if (typeof create === "function") return create as Create // a factory of a provider package
  const what = names.length === 0 ? "exports no function create…" : `exports ${names.join(", ")}`
  throw unusable(deployment, `cannot tell how to use the package "${name}", which ${what}`, "Name one with settings.factory.")
}

function optionsOf({ id, apiKey, baseUrl, settings = {} }: Deployment): JsonObject {
  const { options, headers } = settings
  return {
    name: id.split("/")[0] ?? id,
    includeUsage: true, // some ask their provider for it only then
    ...(apiKey === null ? {} : { apiKey }),
    ...(baseUrl === null ? {} : { baseURL: baseUrl }),
    ...(isJsonObject(headers) ? { headers } : {}),
    ...(isJsonObject(options) ? options : {}),
  }
}

function textIn({ settings }: Deployment, name: string): string | undefined {
  const value = settings?.[name]
  return typeof value === "string" ? value : undefined
}

function unusable(deployment: Deployment, what: string, hint: string, cause?: unknown): AppError {
  return new AppError("feature_unavailable", `the deployment "${deployment.id}" ${what} (${deployment.origin})`, { hint, cause })
}
