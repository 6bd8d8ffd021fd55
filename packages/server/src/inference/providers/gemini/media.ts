// Google's models for pictures and sounds, at its own address and on Vertex.
import type { ImagesDialect, MediaDialect } from "../media-port.ts"
import { drawnImages } from "./images.ts"
import { imagen, isImagen } from "./imagen.ts"
import { geminiSpeech } from "./speech.ts"
import { geminiTranscription } from "./transcripts.ts"

const images: ImagesDialect = {
  requests: (call, deployment) => (isImagen(deployment) ? imagen : drawnImages).requests(call, deployment),
  read: (answer, deployment) => (isImagen(deployment) ? imagen : drawnImages).read(answer, deployment),
}

export const geminiMedia: MediaDialect = { images, speech: geminiSpeech, transcription: geminiTranscription }
