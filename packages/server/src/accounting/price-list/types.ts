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
  audioOutput?: number
}

export interface ListedPrice extends ListedTokenPrices {
  /** Of every token of a request whose input is longer; members that are absent stay as they are. */
  above?: ListedTokenPrices & { inputTokens: number }
  /** Dollars each. */
  perRequest?: number
  perImage?: number
  /** Of audio in or out. */
  perSecond?: number
  perMillionCharacters?: number
  perThousandSearches?: number
}

export interface ProviderPrices {
  /** Where they were read. */
  source: string
  /** Year and month in which they were last compared with it. */
  checkedOn: string
  models: Readonly<Record<string, ListedPrice>>
}
