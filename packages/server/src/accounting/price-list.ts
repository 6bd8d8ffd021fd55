// List prices in dollars per million tokens: [input, output, cached input]. Providers change them; the configuration overrides them.

/** Recorded with each change of the list, so that a stored cost can be traced to the list that made it. */
export const priceListVersion = "2025-09"

export const priceList: Readonly<Record<string, readonly [input: number, output: number, cachedInput?: number]>> = {
  "gpt-5": [1.25, 10, 0.125],
  "gpt-5-mini": [0.25, 2, 0.025],
  "gpt-5-nano": [0.05, 0.4, 0.005],
  "gpt-4.1": [2, 8, 0.5],
  "gpt-4.1-mini": [0.4, 1.6, 0.1],
  "gpt-4.1-nano": [0.1, 0.4, 0.025],
  "gpt-4o": [2.5, 10, 1.25],
  "gpt-4o-mini": [0.15, 0.6, 0.075],
  o3: [2, 8, 0.5],
  "o4-mini": [1.1, 4.4, 0.275],
  "text-embedding-3-small": [0.02, 0],
  "text-embedding-3-large": [0.13, 0],
  "text-embedding-ada-002": [0.1, 0],
}
