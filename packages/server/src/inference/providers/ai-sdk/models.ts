// Finds a model of a kind in a provider of the AI SDK, and the version of the specification that it keeps.
import { AppError, messageOf } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { SdkProvider, SpecificationVersion } from "./spec.ts"

type Way = "imageModel" | "speechModel" | "transcriptionModel"

/** Packages leave out what their provider does not have, or refuse every name of it. */
export function modelIn<Name extends Way>(
  provider: SdkProvider,
  way: Name,
  what: string,
  deployment: Deployment,
): ReturnType<NonNullable<SdkProvider[Name]>> {
  let model: unknown
  try {
    model = provider[way]?.(deployment.upstreamModel)
  } catch (cause) {
    throw new AppError("feature_unavailable", `the package of "${deployment.id}" gives no model: ${messageOf(cause)}`, { cause })
  }
  if (model !== undefined && model !== null) return model as ReturnType<NonNullable<SdkProvider[Name]>> // by the specification; its version is checked
  throw new AppError("feature_unavailable", `the package of "${deployment.id}" has no ${what}`)
}

export function versionOf(
  { specificationVersion: version }: { specificationVersion: string },
  deployment: Deployment,
): SpecificationVersion {
  if (version === "v2" || version === "v3" || version === "v4") return version
  throw new AppError(
    "feature_unavailable",
    `the package of "${deployment.id}" speaks version ${JSON.stringify(version)} of the AI SDK's specification`,
    {
      hint: "Versions v2, v3 and v4 are known (AI SDK 5, 6 and 7): install a package of that time.",
    },
  )
}

/** Packages that look for options under the name of whose models they serve. */
const alsoNamed: Readonly<Record<string, readonly string[]>> = {
  azure: ["openai"],
  "amazon-bedrock": ["bedrock"],
  "google-vertex": ["vertex", "google"],
}

/** Names under which a package may look for options of its own: as its provider was named, and as the package is. */
export function optionNames({ provider }: { provider: string }, { settings }: Deployment): string[] {
  const named = provider.split(".")[0] ?? provider
  const packaged = typeof settings?.["package"] === "string" ? (settings["package"].split("/").at(-1) ?? named) : named
  return [...new Set([named, packaged, ...(alsoNamed[packaged] ?? [])])]
}
