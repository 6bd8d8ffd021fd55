// Looks for many byte patterns in one pass, skipping what can be in none of them: files of a database are large, forms of texts are many.

export interface ByteSearch {
  /** Of the longest pattern: what windows over a file overlap by. */
  readonly longest: number
  isIn(bytes: Uint8Array): boolean
}

const blockBytesMax = 3
/** More of each pattern's beginning fills the table faster than it lengthens the skips. */
const beginningBytesMax = 32
const tableSize = 2 ** 20

/** Wu and Manber's: blocks of the patterns' beginnings tell how far the next place is at which one of them can end. */
export function createByteSearch(given: readonly Uint8Array[]): ByteSearch {
  const patterns = given.filter(({ length }) => length > 0)
  const longest = Math.max(0, ...patterns.map(({ length }) => length))
  if (patterns.length === 0) return { longest, isIn: () => false }
  const width = Math.min(beginningBytesMax, ...patterns.map(({ length }) => length))
  const block = Math.min(blockBytesMax, width)
  const skips = new Uint8Array(tableSize).fill(width - block + 1)
  const ending = new Map<number, Uint8Array[]>()
  for (const pattern of patterns) {
    for (let last = block - 1; last < width; last++) {
      const hash = hashAt(pattern, last, block)
      skips[hash] = Math.min(skips[hash] ?? 0, width - 1 - last)
      if (last === width - 1) ending.set(hash, [...(ending.get(hash) ?? []), pattern])
    }
  }
  return {
    longest,
    isIn: (bytes) => {
      for (let last = width - 1; last < bytes.length;) {
        const hash = hashAt(bytes, last, block)
        const skip = skips[hash] ?? 0
        const start = last - width + 1
        if (skip === 0 && ending.get(hash)?.some((pattern) => standsAt(bytes, start, pattern)) === true) return true
        last += Math.max(1, skip)
      }
      return false
    },
  }
}

function hashAt(bytes: Uint8Array, last: number, block: number): number {
  const here = bytes[last] ?? 0
  if (block === 1) return here
  const two = ((bytes[last - 1] ?? 0) << 6) ^ here
  return block === 2 ? two : ((bytes[last - 2] ?? 0) << 12) ^ two
}

function standsAt(bytes: Uint8Array, start: number, pattern: Uint8Array): boolean {
  if (start + pattern.length > bytes.length) return false
  for (let index = 0; index < pattern.length; index++) if (bytes[start + index] !== pattern[index]) return false
  return true
}
