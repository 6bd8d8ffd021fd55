// Whose account a deployment is: named in the configuration, else told apart by address and credentials.
import { createHash } from "node:crypto"
import type { Deployment } from "../types.ts"

const digestCharacters = 12
const known = new WeakMap<Deployment, string>()

/** Two deployments of one organisation can read each other's sealed reasoning. The digest says nothing of the key. */
export function organisationOf(deployment: Deployment): string {
  const { organisation, baseUrl, apiKey } = deployment
  if (organisation !== undefined) return organisation
  const remembered = known.get(deployment)
  if (remembered !== undefined) return remembered
  const place = baseUrl === null ? "" : new URL(baseUrl).origin
  const digest = createHash("sha256")
    .update(`organisation\0${place}\0${apiKey ?? ""}`)
    .digest("hex")
    .slice(0, digestCharacters)
  known.set(deployment, digest)
  return digest
}
