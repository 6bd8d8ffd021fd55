// Vectors in one byte per dimension beside the exact ones: which of thousands may be among the nearest, by bounds that hold for certain.
import { blockBytes, createCodeKernel, type CodeKernel } from "./code-kernel.ts"

/** A factor fits into a byte with its sign; one of the query is finer, since it is but one. */
const codeMax = 127
const queryCodeMax = 8_191
const dimensionsMax = 8_192
const productMax = 2 ** 31 - 1
/** What rounding may add to an exact product, beside the lengths of both. */
const rounding = 1e-6

let kernel: CodeKernel | null | undefined
/** Blocks of copies that are no longer there go back. */
const ended = new FinalizationRegistry<number[]>((blocks) => {
  for (const block of blocks) kernel?.giveBack(block)
})

export interface Bounds {
  /** By row: about the product with the query, and by how much that may be wrong. */
  products: Float64Array
  errors: Float64Array
}

export class CodedRows {
  readonly #kernel: CodeKernel
  /** Whole groups of eight. */
  readonly #width: number
  readonly #rowsPerBlock: number
  readonly #blocks: number[] = []
  /** By row: what one step of its codes is worth, how far the codes are from the vector, and how long that is. */
  #steps = new Float64Array(0)
  #distances = new Float64Array(0)
  #lengths = new Float64Array(0)
  /** Of the last query: to make them anew each time costs as much as to fill them. */
  #products = new Float64Array(0)
  #errors = new Float64Array(0)

  private constructor(by: CodeKernel, dimensions: number) {
    this.#kernel = by
    this.#width = Math.ceil(dimensions / 8) * 8
    this.#rowsPerBlock = Math.floor(blockBytes / this.#width)
    ended.register(this, this.#blocks)
  }

  /** Undefined where they would not be faster, or cannot be had. */
  static create(dimensions: number): CodedRows | undefined {
    if (dimensions < 8 || dimensions > dimensionsMax) return undefined
    kernel ??= createCodeKernel() ?? null
    return kernel === null ? undefined : new CodedRows(kernel, dimensions)
  }

  /** False where there is no room for it. */
  set(row: number, vector: Float32Array): boolean {
    const number = Math.floor(row / this.#rowsPerBlock)
    while (this.#blocks.length <= number) {
      const block = this.#kernel.take()
      if (block === undefined) return false
      this.#blocks.push(block)
    }
    this.#reserve(row + 1)
    const at = (row % this.#rowsPerBlock) * this.#width
    const codes = this.#kernel.bytesOf(this.#blocks[number] ?? 0).subarray(at, at + this.#width)
    const { step, distance, length } = encode(vector, codes, codeMax)
    this.#steps[row] = step
    this.#distances[row] = distance
    this.#lengths[row] = length
    return true
  }

  /** Of the first rows; good until the next call. */
  bounds(query: Float32Array, rows: number): Bounds {
    const codes = new Int16Array(this.#width)
    const asked = encode(query, codes, Math.min(queryCodeMax, Math.floor(productMax / (codeMax * this.#width))))
    this.#kernel.setQuery(codes)
    const [products, errors] = [this.#products, this.#errors]
    for (let first = 0; first < rows; first += this.#rowsPerBlock) {
      const count = Math.min(this.#rowsPerBlock, rows - first)
      const whole = this.#kernel.products(this.#blocks[first / this.#rowsPerBlock] ?? 0, count, this.#width)
      // Every index is inside all of these arrays.
      for (let index = 0; index < count; index++) {
        const row = first + index
        products[row] = (whole[index] as number) * asked.step * (this.#steps[row] as number)
        const length = this.#lengths[row] as number
        errors[row] = asked.length * ((this.#distances[row] as number) + rounding * length) + asked.distance * length
      }
    }
    return { products, errors }
  }

  #reserve(rows: number): void {
    if (rows <= this.#steps.length) return
    const size = Math.ceil(rows * 1.25) + 16
    const grown = (from: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size)
      to.set(from)
      return to
    }
    this.#steps = grown(this.#steps)
    this.#distances = grown(this.#distances)
    this.#lengths = grown(this.#lengths)
    this.#products = new Float64Array(size)
    this.#errors = new Float64Array(size)
  }
}

interface Coded {
  step: number
  /** Between the vector and its codes, and of whichever of both is longer. */
  distance: number
  length: number
}

/** Added to a number and taken away again it leaves the nearest whole one: a tenth of what rounding otherwise costs here. */
const wholeNumbers = 1.5 * 2 ** 52
/** Codes come here first, so that the loop over them only ever sees one kind of array. */
const scratch = new Int16Array(dimensionsMax)

function encode(vector: Float32Array, into: Int8Array | Int16Array, max: number): Coded {
  const size = vector.length
  let most = 0
  for (let index = 0; index < size; index++) {
    const value = Math.abs(vector[index] as number)
    if (value > most) most = value
  }
  const step = most / max
  const perStep = most === 0 ? 0 : max / most
  let [lost, own, coded] = [0, 0, 0]
  for (let index = 0; index < size; index++) {
    const value = vector[index] as number
    const code = value * perStep + wholeNumbers - wholeNumbers
    scratch[index] = code
    const near = code * step
    const off = value - near
    lost += off * off
    own += value * value
    coded += near * near
  }
  into.set(scratch.subarray(0, size))
  into.fill(0, size)
  return { step, distance: Math.sqrt(lost), length: Math.sqrt(Math.max(own, coded)) }
}
