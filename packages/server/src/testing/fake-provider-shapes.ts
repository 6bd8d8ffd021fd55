// The shapes in which the fake provider answers besides OpenAI's and Anthropic's, chosen by the path that is asked for.
import { bedrockShape } from "./fake-bedrock-answers.ts"
import { cohereShape } from "./fake-cohere-answers.ts"
import { geminiShape } from "./fake-gemini-answers.ts"
import { responsesShape } from "./fake-responses-answers.ts"
import type { FakeAnswer, ReceivedRequest } from "./fake-provider.ts"

export interface ProviderShape {
  serves(path: string): boolean
  isStream(request: ReceivedRequest): boolean
  streamType: string
  whole(request: ReceivedRequest, script: FakeAnswer): unknown
  frames(request: ReceivedRequest, script: FakeAnswer): readonly (string | Buffer)[]
  error(error: NonNullable<FakeAnswer["error"]>): unknown
  errorHeaders?(error: NonNullable<FakeAnswer["error"]>): Record<string, string>
}

export function shapeFor(path: string): ProviderShape | undefined {
  const plain = path.split("?")[0] ?? path
  return [responsesShape, geminiShape, cohereShape, bedrockShape].find((shape) => shape.serves(plain))
}
