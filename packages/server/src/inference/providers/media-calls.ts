// Pictures, speech and transcripts from a deployment whose provider has a form of its own for them.
import { AppError } from "../../core/index.ts"
import type { Natives } from "../call-attempt.ts"
import type { Deployment, ModelUsage } from "../types.ts"
import { unreadable } from "../upstream-error.ts"
import { addUsage, noUsage } from "../usage-sum.ts"
import { mediaDialectOf } from "./media-dialects.ts"
import type { ImageCall, ImagesAnswer, MediaDialect, SpeechAnswer, SpeechCall, Transcript, TranscriptionCall } from "./media-port.ts"
import { ask, type SendOptions } from "./send.ts"

/** Requests under way at the same time, where a provider makes few pictures in one. */
const requestsAtOnceMax = 4

export interface MediaCallOptions extends SendOptions {
  natives: Natives
}

type Used<Answer> = Omit<Answer, "usage"> & { usage: ModelUsage }

export async function imagesOf(
  options: MediaCallOptions,
  deployment: Deployment,
  call: ImageCall,
  signal: AbortSignal,
): Promise<Used<ImagesAnswer>> {
  const answers = await imageAnswers(options, deployment, call, signal)
  const images = answers.flatMap((answer) => answer.images)
  if (images.length === 0) throw unreadable(deployment, "an answer without pictures")
  const counts = answers.flatMap(({ imageInputTokens }) => imageInputTokens ?? [])
  const usage = answers.reduce((sum, answer) => addUsage(sum, answer.usage ?? noUsage), noUsage)
  return {
    images,
    usage: { ...usage, imageCount: images.length },
    ...(counts.length > 0 ? { imageInputTokens: counts.reduce((sum, count) => sum + count, 0) } : {}),
  }
}

async function imageAnswers(
  options: MediaCallOptions,
  deployment: Deployment,
  call: ImageCall,
  signal: AbortSignal,
): Promise<readonly ImagesAnswer[]> {
  const native = options.natives.get(deployment.id)?.images
  if (native) return [await native(call, signal)]
  const images = able(deployment, "images", "make pictures")
  const requests = images.requests(call, deployment)
  const answers: ImagesAnswer[] = []
  for (let from = 0; from < requests.length; from += requestsAtOnceMax) {
    const some = requests.slice(from, from + requestsAtOnceMax)
    const answered = await Promise.all(some.map((request) => ask(options, deployment, request, signal)))
    answers.push(...answered.map((answer) => images.read(answer, deployment)))
  }
  return answers
}

export async function speechOf(
  options: MediaCallOptions,
  deployment: Deployment,
  call: SpeechCall,
  signal: AbortSignal,
): Promise<Used<SpeechAnswer>> {
  const native = options.natives.get(deployment.id)?.speak
  const answer = native ? await native(call, signal) : await spokenElsewhere(options, deployment, call, signal)
  if (answer.sound.length === 0) throw unreadable(deployment, "an answer without a sound")
  return { ...answer, usage: { ...(answer.usage ?? noUsage), characters: call.text.length } }
}

async function spokenElsewhere(
  options: MediaCallOptions,
  deployment: Deployment,
  call: SpeechCall,
  signal: AbortSignal,
): Promise<SpeechAnswer> {
  const speech = able(deployment, "speech", "speak")
  return speech.read(await ask(options, deployment, speech.request(call, deployment), signal), deployment, call)
}

export async function transcriptOf(
  options: MediaCallOptions,
  deployment: Deployment,
  call: TranscriptionCall,
  signal: AbortSignal,
): Promise<Used<Transcript>> {
  const native = options.natives.get(deployment.id)?.transcribe
  const transcript = native ? await native(call, signal) : await writtenElsewhere(options, deployment, call, signal)
  const { usage, durationSeconds } = transcript
  const seconds = durationSeconds === null ? {} : { seconds: durationSeconds }
  return { ...transcript, usage: { ...(usage ?? noUsage), ...seconds } }
}

async function writtenElsewhere(
  options: MediaCallOptions,
  deployment: Deployment,
  call: TranscriptionCall,
  signal: AbortSignal,
): Promise<Transcript> {
  const transcription = able(deployment, "transcription", "write down what is said")
  return transcription.read(await ask(options, deployment, transcription.request(call, deployment), signal), deployment)
}

function able<Service extends keyof MediaDialect>(
  deployment: Deployment,
  service: Service,
  what: string,
): NonNullable<MediaDialect[Service]> {
  const found = mediaDialectOf(deployment)?.[service]
  if (found) return found
  throw new AppError("feature_unavailable", `the deployment "${deployment.id}" (${deployment.dialect}) cannot ${what}`)
}
