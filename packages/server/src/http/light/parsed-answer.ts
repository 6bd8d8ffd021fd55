// A whole JSON answer of a provider as an object; an error in its place, under whatever status, is thrown as what it says.
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import { errorInBody, errorTold, unreadable, type Deployment } from "../../inference/index.ts"

export function parsedAnswer(deployment: Deployment, body: Buffer): JsonObject {
  let answer: unknown
  try {
    answer = JSON.parse(body.toString())
  } catch {
    throw unreadable(deployment, "an answer that is not JSON")
  }
  if (!isJsonObject(answer)) throw unreadable(deployment, "an answer that is not a JSON object")
  const error = errorTold(answer)
  if (error !== undefined) throw errorInBody(deployment, error)
  return answer
}
