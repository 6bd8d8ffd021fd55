// Random numbers that a seed repeats: uniform, normal and gamma.
import { hash } from "node:crypto"

export interface Random {
  /** From 0 to 1, without 1. */
  uniform(): number
  normal(): number
  /** With rate 1. */
  gamma(shape: number): number
}

export function seededRandom(seed: string): Random {
  const uniform = xoshiro(hash("sha256", seed, "buffer"))
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * (1 - uniform()) ** (1 / shape)
    // Marsaglia and Tsang (2000).
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
    }
  }
  return { uniform, normal, gamma }
}

/** xoshiro128**, by Blackman and Vigna. */
function xoshiro(seed: Buffer): () => number {
  let [a, b, c, d] = [seed.readInt32LE(0), seed.readInt32LE(4), seed.readInt32LE(8), seed.readInt32LE(12)]
  const turned = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
  return () => {
    const result = Math.imul(turned(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = turned(d, 11)
    return (result >>> 0) / 2 ** 32
  }
}
