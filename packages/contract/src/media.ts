// Routes for pictures, sounds, moderation and ranking, with as much of OpenAI's shapes as is read here; everything else passes unchanged.
import { z } from "zod"

const named = z.looseObject({ model: z.string() })
const form = z.looseObject({ model: z.string(), file: z.unknown().optional(), image: z.unknown().optional() })
const images = z.looseObject({ created: z.number().optional(), data: z.array(z.looseObject({})) }).meta({ id: "Images" })
const imageRequest = named.extend({ prompt: z.string() }).meta({ id: "ImageRequest" })
const imageForm = form.meta({ id: "ImageForm", description: "As OpenAI's form; files pass unchanged" })
const transcription = z.looseObject({ text: z.string() }).meta({ id: "Transcription" })
const audioForm = form.meta({ id: "AudioForm", description: "As OpenAI's form; files pass unchanged" })
const multipart = { requestType: "multipart/form-data" } as const

export const mediaRoutes = [
  { method: "POST", path: "/v1/images/generations", summary: "Make images", request: imageRequest, response: images, streams: true },
  { method: "POST", path: "/v1/images/edits", summary: "Change images", request: imageForm, ...multipart, response: images, streams: true },
  { method: "POST", path: "/v1/images/variations", summary: "Vary an image", request: imageForm, ...multipart, response: images },
  {
    method: "POST",
    path: "/v1/audio/speech",
    summary: "Speak a text",
    request: named.extend({ input: z.string() }).meta({ id: "SpeechRequest" }),
    response: null,
    responseType: "application/octet-stream",
  },
  {
    method: "POST",
    path: "/v1/audio/transcriptions",
    summary: "Write down what is said",
    request: audioForm,
    ...multipart,
    response: transcription,
    streams: true,
  },
  {
    method: "POST",
    path: "/v1/audio/translations",
    summary: "Write down what is said, in English",
    request: audioForm,
    ...multipart,
    response: transcription,
  },
  {
    method: "POST",
    path: "/v1/moderations",
    summary: "Judge texts and images",
    request: z.looseObject({ input: z.unknown(), model: z.string().nullish() }).meta({ id: "ModerationRequest" }),
    response: z.looseObject({ results: z.array(z.looseObject({})) }).meta({ id: "Moderation" }),
  },
  {
    method: "POST",
    path: "/v1/rerank",
    summary: "Order documents by relevance",
    request: z
      .looseObject({ query: z.string(), documents: z.array(z.unknown()).min(1), model: z.string().nullish() })
      .meta({ id: "RerankRequest" }),
    response: z
      .looseObject({ results: z.array(z.looseObject({ index: z.int(), relevance_score: z.number() })) })
      .meta({ id: "Rerank", description: "As Cohere's and Jina's" }),
  },
] as const
