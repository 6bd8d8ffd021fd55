// How list prices are written down: in dollars, per million tokens or per piece, as providers publish them.

/** Dollars per million tokens. What is absent costs what plain input or output costs. */
export interface ListedTokenPrices {
  input?: number
  output?: number
  /** Input read from the provider's cache. */
  cachedInput?: number
  /** Input written to it, for minutes and for an hour. */
  cacheWrite?: number
  cacheWriteLong?: number
  /** Output that is thought, where it has a price of its own. */
  reasoning?: number
  audioInput?: number
  cachedAudioInput?: number
  audioOutput?: number
  /** Tokens of pictures. */
  imageInput?: number
  cachedImageInput?: number
  imageOutput?: number
}

export interface ListedTierPrices extends ListedTokenPrices {
  /** Of every token of a request whose input is longer; members that are absent stay as they are. */
  above?: ListedTokenPrices & { inputTokens: number }
}

export interface ListedPrice extends ListedTierPrices {
  /** Of what is served otherwise than usual, in full: `flex`, `priority`, `batch`. */
  tiers?: Readonly<Record<string, ListedTierPrices>>
  /** What tokens cost times as much in a region that the answer names. */
  regions?: Readonly<Record<string, number>>
  /** What tokens cost times as much at an address of one region; null where nobody published it. */
  regionalAddress?: number | null
  /** Dollars each. */
  perRequest?: number
  perImage?: number
  /** By quality and size: `hd 1024x1792`. */
  perImageOf?: Readonly<Record<string, number>>
  /** Of audio in or out. */
  perSecond?: number
  perMillionCharacters?: number
  perThousandSearches?: number
  /** Calls of tools that the provider runs, beside the tokens that they use. */
  perThousandToolCalls?: Readonly<Record<string, number>>
}

export interface ProviderPrices {
  /** Where they were read. */
  source: string
  /** Year and month in which they were last compared with it. */
  checkedOn: string
  models: Readonly<Record<string, ListedPrice>>
  /** Tiers that cost what the usual one does. */
  usualTiers?: readonly string[]
  /** Of models that say nothing else. */
  regionalAddress?: number
  /** Of every model; its own stand above them. */
  perThousandToolCalls?: Readonly<Record<string, number>>
}
