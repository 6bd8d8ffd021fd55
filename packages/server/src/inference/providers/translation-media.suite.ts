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

/** What stands in the section about providers that are nearly like OpenAI. */
const nearly = "Pictures, speech and transcripts of"
const byProvider = "packages/server/src/http/media/made-by-provider.test.ts"
const golden = "packages/server/src/http/media/golden-media.test.ts"

function own(says: string, fixture: string, test: string): Elsewhere {
  return { says, under: nearly, file: `${providers}/own-media/media-fixtures/${fixture}.json`, test }
}

function ownTested(says: string, test: string, file = byProvider): Elsewhere {
  return { says, under: nearly, file, test }
}

function passed(says: string, fixture: string, test: string): Elsewhere {
  return { says, under: nearly, file: `packages/server/src/http/media/fixtures/${fixture}.json`, test }
}

const ownClaims: readonly Elsewhere[] = [
  passed("Their chats are OpenAI's", "together-transcription", "As OpenAI has it"),
  passed("Their chats are OpenAI's", "openrouter-speech", "As OpenAI has it"),
  passed("Their chats are OpenAI's", "fireworks-transcription", "A length beside the text"),
  ownTested("are passed on as they come", "passes to its provider and back, and is counted", golden),
  own("are passed on as they come", "together-images-own", "a request in its own words stays as it is"),
  own("of Fireworks these are", "fireworks-images-seed", '"num_inference_steps": 8'),
  own("`size` at Together", "together-images-make", '"width": 1536'),
  own("`size` at Together", "together-images-own", '"width": 512'),
  own("`size` at xAI", "xai-images-make", '"resolution": "2k"'),
  own("`size` at xAI", "xai-images-own", '"aspect_ratio": "20:9"'),
  own("`size` at Fireworks", "fireworks-images", '"aspect_ratio": "3:2"'),
  own("`response_format: b64_json` at Together", "together-images-make", '"response_format": "base64"'),
  own("pictures to be changed at Together", "together-images-kontext", '"image_url"'),
  own("pictures to be changed at Together", "together-images-change", '"reference_images"'),
  own("pictures to be changed at xAI", "xai-images-change", '"image": {'),
  own("pictures to be changed at xAI", "xai-images-several", '"images": ['),
  own("pictures at OpenRouter", "openrouter-images-change", '"input_references"'),
  passed("the fields of such a form", "together-edits", '"steps": 28'),
  ownTested("each of `n` pictures at Fireworks", "of Fireworks are as many requests, and come as OpenAI's"),
  own("`voice` at Mistral", "mistral-speech", '"voice_id": "gb_jane_neutral"'),
  own("`voice` at Mistral", "mistral-speech-sample", '"ref_audio"'),
  own("speech without a format at Mistral", "mistral-speech-sample", '"response_format": "mp3"'),
  own("speech at xAI", "xai-speech", '"language": "auto"'),
  own("speech at xAI", "xai-speech-own", '"language": "de"'),
  own("`pcm` at Together", "together-speech-samples", '"response_encoding": "pcm_s16le"'),
  passed("`timestamp_granularities[]` at Mistral", "mistral-transcription-openai", '"timestamp_granularities[]"'),
  passed("`verbose_json` at Mistral", "mistral-transcription-times", "asks for those of segments"),
  own("the sound of a transcription at OpenRouter", "openrouter-transcription", '"input_audio"'),
  own("`style`", "together-images-make", '"style": "vivid"'),
  ...["`moderation`", "`input_fidelity` and `partial_images`"].map((says) => own(says, "openrouter-images-make", '"moderation": "low"')),
  own("`quality` at Together and Fireworks", "together-images-make", '"quality": "hd"'),
  own("words for `quality`", "xai-images-make", '"quality": "hd"'),
  own("`size` at models of xAI before Grok Imagine", "xai-images-older", "have one shape"),
  own("`user` at Together", "together-images-make", '"user": "u"'),
  own("`output_format` at Fireworks", "fireworks-images", '"format": "jpeg"'),
  ...["mistral", "xai"].map((provider) =>
    own("`instructions` at Mistral and xAI", `${provider}-speech`, '"instructions": "Say cheerfully"'),
  ),
  passed("`prompt` of transcripts", "mistral-transcription-openai", '"prompt"'),
  own("`prompt` of transcripts", "openrouter-transcription", '"prompt": "names"'),
  ownTested("masks and variations", "are not changed with a mask, nor varied, and nothing is sent"),
  own("a stream of pictures", "together-images-make", "a stream of pictures"),
  own("a stream of pictures", "xai-images-make", "a stream of pictures"),
  own("a transparent background but at OpenRouter", "xai-images-make", "a transparent background"),
  own("`webp` at Together", "together-images-make", '"says": "webp"'),
  own("more pictures than a model takes", "together-images-kontext", "a change of several pictures"),
  own("more pictures than a model takes", "xai-images-change", "a change of 4 pictures"),
  own("more pictures than a model takes", "openrouter-images-change", "a change of 17 pictures"),
  own("changes at Fireworks", "fireworks-images", "changing pictures"),
  own("addresses of pictures at OpenRouter", "openrouter-images-make", "an address of a picture"),
  own("formats of speech at Mistral", "mistral-speech", '"format": "pcm"'),
  ...["`wav`", "`flac` and `opus`"].map((says) => own(says, "mistral-speech", '"format": "aac"')),
  ownTested("times of words and of segments at once", "have the times of words or of segments, and are not asked for both"),
  own("formats of speech at xAI", "xai-speech", '"format": "opus"'),
  own("`wav` and `pcm`", "xai-speech", '"format": "opus"'),
  own("its events", "xai-speech", "a stream of events"),
  own("a `speed` below 0.7", "xai-speech", "the speed 2"),
  own("`speed` other than 1 at Mistral", "mistral-speech", '"speed": 1.5'),
  ...["`text`", "`srt` and `vtt` at Mistral", "translations at Mistral and OpenRouter"].map((says) =>
    ownTested(says, "are no %s, and nothing is sent"),
  ),
  own("times at OpenRouter", "openrouter-transcription", "when something was said"),
  own("translations at Mistral and OpenRouter", "openrouter-transcription", "a translation"),
]

export const mediaClaims: readonly Elsewhere[] = [
  ...ownClaims,
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
