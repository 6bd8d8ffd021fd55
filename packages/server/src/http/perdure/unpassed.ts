// Tells who makes or changes a key which of its endpoints nothing answers: paths that the configuration does not pass through, as yet.
import { unpassedEndpoints, type ApiKey } from "@perdure/contract"
import type { PassThrough } from "../pass-through/index.ts"

export type PassedPaths = Pick<PassThrough, "paths">

/** The key is as it was asked for: the configuration may name the path later. */
export function tellingUnpassed(response: Response, { scope }: Pick<ApiKey, "scope">, passThrough: PassedPaths): Response {
  const unpassed = unpassedEndpoints(scope.endpoints, passThrough.paths())
  if (unpassed.length > 0) response.headers.set("x-perdure-not-passed", unpassed.map((each) => encodeURI(each.toWellFormed())).join(", "))
  return response
}
