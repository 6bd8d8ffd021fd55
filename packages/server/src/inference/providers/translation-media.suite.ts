// What docs/reference/translation.md says of pictures, speech and transcripts: each with a fixture or a test that shows it.
import type { Elsewhere } from "./translation-parts.suite.ts"

const providers = "packages/server/src/inference/providers"
const made = "packages/server/src/http/media/made.test.ts"
const packages = "packages/server/src/http/media/made-packages.test.ts"
const under = "Pictures, speech"

/** In a fixture of Gemini's: what it says there. */
function shown(says: string, fixture: string, test: string, folder = "gemini"): Elsewhere {
  return { says, under, file: `${providers}/${folder}/media-fixtures/${fixture}.json`, test }
}

function tested(says: string, test: string, file = made): Elsewhere {
  return { says, under, file, test }
}

const onlyOpenAi = "are asked for without what only OpenAI's models know"

export const mediaClaims: readonly Elsewhere[] = [
  tested("Servers that are like OpenAI's", "the next one gets the request as it came"),
  tested("Others are asked in a form of their own", "are made, as many as wanted, and told as OpenAI tells them"),
  tested("`n` pictures", "are made, as many as wanted, and told as OpenAI tells them"),
  shown("the nearest shape at Gemini", "gemini-images-make", '"imageSize": "4K"'),
  shown("the nearest shape at Gemini", "vertex-images-imagen", '"sampleImageSize": "2K"'),
  shown("asked of Imagen and Vertex", "vertex-images-imagen", '"compressionQuality": 80'),
  shown("asked of Imagen and Vertex", "vertex-images-make", '"imageOutputOptions"'),
  shown("width and height at Amazon's", "bedrock-images-nova", '"height": 768', "bedrock"),
  shown("the nearest shape at Gemini, Vertex, Imagen and Stability", "bedrock-images-stability", '"aspect_ratio": "3:2"', "bedrock"),
  shown("`quality` at Amazon's", "bedrock-images-nova", '"quality": "premium"', "bedrock"),
  shown("`quality` at Amazon's", "bedrock-images-nova-change", '"quality": "standard"', "bedrock"),
  shown("the format of Stability", "bedrock-images-stability", '"output_format": "jpeg"', "bedrock"),
  shown("`IMAGE_VARIATION`", "bedrock-images-nova-change", '"text": "add a hat"', "bedrock"),
  shown("`IMAGE_VARIATION`", "bedrock-images-titan-vary", "a variation has no words", "bedrock"),
  shown("`image-to-image`", "bedrock-images-stability-change", '"strength": 0.75', "bedrock"),
  tested("The answer says what came", 'output_format: "png"'),
  tested("a data URL", "are data URLs for whoever wants addresses"),
  tested("the events with which a stream ends", "are the last event of a stream without parts, however large"),
  shown("pictures to be changed", "gemini-images-change", '"inlineData"'),
  tested("speech without a format", "is a WAV file, or the samples as they are"),
  shown("words before the text", "gemini-speech-wav", "Say cheerfully: hello you"),
  shown("told to write down what is said", "gemini-transcription", "The language of the recording is: de."),
  shown("a transcription, a translation", "gemini-transcription-english", "in English, translated sentence by sentence"),
  tested("what a filter holds back", "that the provider holds back are told in OpenAI's words, and cost nothing"),
  ...["`quality` elsewhere", "`style`", "`moderation`", "`input_fidelity`", "`partial_images`"].map((says) => tested(says, onlyOpenAi)),
  shown("`seed` at Imagen", "gemini-images-imagen", '"seed": 7'),
  shown("of several pictures in several requests", "bedrock-images-stability", "one picture in each request", "bedrock"),
  shown("masks at Google and Bedrock", "gemini-images-change", '"says": "a mask"'),
  shown("masks at Google and Bedrock", "bedrock-images-nova", '"says": "a mask"', "bedrock"),
  shown("by Stability's other models", "bedrock-images-stability", '"says": "this change"', "bedrock"),
  shown("pictures by address at Bedrock", "bedrock-images-nova", "a picture by its address", "bedrock"),
  tested("options under the names of provider and package", 'name="prompt"', packages),
  tested("segments as JSON or subtitles", "are subtitles", packages),
  tested("segments as JSON or subtitles", "are no subtitles where its provider says no times", packages),
  tested("changes by packages before AI SDK 6", "are changed from version 3 on, and refused before", packages),
  tested("variations and translations by packages", "are no subtitles where its provider says no times, and no translations", packages),
  shown("changes by Imagen", "gemini-images-imagen", '"says": "changing pictures"'),
  shown("variations at Google and Stability", "gemini-images-make", '"says": "variations"'),
  shown("a transparent background", "gemini-images-make", '"says": "a transparent background"'),
  shown("formats of speech other than", "gemini-speech-wav", '"format": "mp3"'),
  shown("`speed` other than 1", "gemini-speech-wav", '"speed": 1.5'),
  shown("`verbose_json` at Gemini", "gemini-transcription", '"isTimed": true'),
  tested("`srt`", "with times are refused where the provider's are guesses"),
  tested("`vtt`", "with times are refused where the provider's are guesses"),
  tested("the times of words", "have no times of words"),
]
