// What providers have in common whose requests for pictures are nearly OpenAI's: whose words are left out, and what none of them can do.
import type { JsonObject } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { Media } from "../media.ts"
import type { ImagesAsked } from "../media-port.ts"
import { cannotTake } from "../media-refusals.ts"
import type { ProviderRequest } from "../port.ts"

export function jsonRequest(path: string, body: JsonObject, accept = "application/json"): ProviderRequest {
  return { path, headers: { accept, "content-type": "application/json" }, body: JSON.stringify(body) }
}

export function addressOf(media: Media): string {
  return "address" in media ? media.address : `data:${media.mediaType};base64,${media.base64}`
}

/** Variations and masks, which nobody of them documents. */
export function refuseOpenAisOwn({ task, mask }: ImagesAsked, deployment: Deployment): void {
  if (task === "vary") throw cannotTake(deployment, "image", "variations", "Use /v1/images/edits with a prompt.")
  if (mask)
    throw cannotTake(deployment, "mask", "a mask", "It changes what the prompt says: describe the place in words, and leave the mask out.")
}

export function refuseStream({ members }: ImagesAsked, deployment: Deployment): void {
  if (members["stream"] === true)
    throw cannotTake(deployment, "stream", "a stream of pictures", "They come at once when all are there: leave stream out.")
}

export function refuseTransparent({ members }: ImagesAsked, deployment: Deployment): void {
  if (members["background"] === "transparent") throw cannotTake(deployment, "background", "a transparent background", "Leave it out.")
}

export function textIn(members: JsonObject, name: string): string | undefined {
  const value = members[name]
  return typeof value === "string" ? value : undefined
}

/** The members without those names, and without what says nothing. */
export function without(members: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([name, value]) => value !== null && !names.includes(name)))
}
