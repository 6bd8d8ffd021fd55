// Requests for speech to providers that send the sound itself and whose requests have words of their own.
import { speechWordsOf } from "../../inference/index.ts"
import { speechCallOf } from "./made-speech.ts"
import type { WordRequest } from "./worded-images.ts"

export const wordSpeech: WordRequest = (body, deployment) => {
  const request = speechWordsOf(deployment)?.request(speechCallOf(body), deployment)
  return request && { path: request.path, headers: request.headers, body: Buffer.from(request.body) }
}
