// How prices are held: in micro-dollars, by what a call used, how fast it was served and where.

/** Micro-dollars per million tokens: 150_000 is $0.15. What is absent costs what plain tokens of its side cost. */
export interface TokenPrices {
  input: number
  output: number
  /** The price of input where the provider gives no discount. */
  cachedInput: number
  /** Input written to the provider's cache; the long one costs what the short one costs. */
  cacheWrite?: number
  cacheWriteLong?: number
  reasoning?: number
  audioInput?: number
  /** Read from the cache; as `cachedInput`. */
  cachedAudioInput?: number
  audioOutput?: number
  /** Tokens of pictures. */
  imageInput?: number
  cachedImageInput?: number
  imageOutput?: number
}

export interface TierPrices extends TokenPrices {
  /** Of every token of a request whose input is longer. */
  above?: TokenPrices & { inputTokens: number }
}

export interface Price extends TierPrices {
  /** Of tokens that were served otherwise than usual, by the provider's word: `flex`, `priority`, `batch`. Others are not known. */
  tiers?: Readonly<Record<string, TierPrices>>
  /** What tokens cost times as much where the provider says that it computed in that region. Others are not known. */
  regions?: Readonly<Record<string, number>>
  /** Micro-dollars each; may be fractions. */
  perRequest?: number
  perImage?: number
  /** By quality and size, `hd 1024x1792`; `perImage` holds for what is not named. */
  perImageOf?: Readonly<Record<string, number>>
  perSecond?: number
  perCharacter?: number
  perSearch?: number
  /** Calls of tools that the provider runs, by their names there. */
  perToolCall?: Readonly<Record<string, number>>
  /** Version of the list that it is from; absent where the configuration states it. */
  list?: string
}

/** What a call used. Input tokens include those that were cached, written to a cache, or audio; output tokens those that were thought, or audio. */
export interface PricedUsage {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens?: number
  cacheWriteTokens?: number
  /** Of the written ones, those that stay for an hour. */
  cacheWriteLongTokens?: number
  audioInputTokens?: number
  audioOutputTokens?: number
  imageInputTokens?: number
  imageOutputTokens?: number
  /** Of the cached ones, those that are within the audio and the pictures. */
  cachedAudioTokens?: number
  cachedImageTokens?: number
  imageCount?: number
  /** Quality and size of the pictures: `hd 1024x1792`. */
  imageKind?: string
  characters?: number
  seconds?: number
  searchUnits?: number
  /** How it was served, as the provider told; absent or `default` where it was as usual. */
  serviceTier?: string
  /** Where it was computed, where that may cost more. */
  servedIn?: string
  /** Of tools that the provider runs, by their names there. */
  toolCalls?: Readonly<Record<string, number>>
  /** What the provider says that it charged for all of it. */
  toldMicroUsd?: number
}

/** The tier of whoever asks for none. */
export const usualTier = "default"

export type PricedPieces = Pick<PricedUsage, "imageCount" | "imageKind" | "characters" | "seconds" | "searchUnits">

/** How fast and where, if that is not as usual. */
export type ServedAs = Pick<PricedUsage, "serviceTier" | "servedIn">

export interface Cost {
  costMicroUsd: number
  costKnown: boolean
}
