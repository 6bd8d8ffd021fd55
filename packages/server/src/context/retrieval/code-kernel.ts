// Inner products of rows of bytes with one query, sixteen factors at a time: a few instructions of WebAssembly, since JavaScript has none for that.

/** The memory of the kernel, given out in blocks of one size, so that what is given back fits whoever comes next. */
export const blockBytes = 128 * 1024
/** The query and the products of one block lie before the blocks. */
const queryAt = 0
const productsAt = 64 * 1024
const blocksAt = 192 * 1024
const pageBytes = 64 * 1024
/** Of 65,536 pages that a memory may have: what is beyond is compared without it. */
const pagesMax = 16_384

export interface CodeKernel {
  /** Where a free block begins, or undefined when there is no room. */
  take(): number | undefined
  giveBack(block: number): void
  /** The bytes of a block; good until the next `take`. */
  bytesOf(block: number): Int8Array
  /** Its whole numbers; `dimensions` of them, a multiple of eight. */
  setQuery(query: Int16Array): void
  /** For each of the first rows of a block its product with the query; good until the next call. */
  products(block: number, rows: number, dimensions: number): Int32Array
}

/** Undefined where this machine has no such instructions. */
export function createCodeKernel(): CodeKernel | undefined {
  const bytes = moduleBytes()
  if (!WebAssembly.validate(bytes)) return undefined
  const memory = new WebAssembly.Memory({ initial: blocksAt / pageBytes, maximum: pagesMax })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } })
  const multiply = instance.exports["f"] as (rows: number, dimensions: number, values: number, query: number, products: number) => void // see below
  const free: number[] = []
  const grow = (): boolean => {
    const end = memory.buffer.byteLength
    if (end / pageBytes + blockBytes / pageBytes > pagesMax) return false
    memory.grow(blockBytes / pageBytes)
    free.push(end)
    return true
  }
  return {
    take() {
      return free.length > 0 || grow() ? free.pop() : undefined
    },
    giveBack(block) {
      free.push(block)
    },
    bytesOf: (block) => new Int8Array(memory.buffer, block, blockBytes),
    setQuery(query) {
      new Int16Array(memory.buffer, queryAt, query.length).set(query)
    },
    products(block, rows, dimensions) {
      multiply(rows, dimensions, block, queryAt, productsAt)
      return new Int32Array(memory.buffer, productsAt, rows)
    },
  }
}

// Opcodes, as the specification of WebAssembly numbers them.
const [i32, v128, empty] = [0x7f, 0x7b, 0x40]
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const tee = (local: number): number[] => [0x22, local]
const constant = (value: number): number[] => [0x41, value]
const [add, shiftLeft, lessUnsigned, end] = [0x6a, 0x74, 0x49, 0x0b]
const loop = (body: number[]): number[] => [0x03, empty, ...body, end]
const again = [0x0d, 0x00]
const zeros = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)]
/** Eight bytes as eight numbers of 16 bits. */
const loadBytes = [0xfd, 0x01, 0x00, 0x00]
const loadWords = [0xfd, 0x00, 0x00, 0x00]
/** Multiplies eight pairs and adds neighbours up. */
const multiplyPairs = [0xfd, 0xba, 0x01]
const addFour = [0xfd, 0xae, 0x01]
const lane = (number: number): number[] => [0xfd, 0x1b, number]
const storeWord = [0x36, 0x02, 0x00]

/** `f(rows, dimensions, values, query, products)`: one function over a memory that is given to it. */
function moduleBytes(): Uint8Array<ArrayBuffer> {
  const [rows, dimensions, values, query, products, rowEnd, at, sum, last] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const
  const step = [
    [...get(sum), ...get(values), ...loadBytes, ...get(at), ...loadWords, ...multiplyPairs, ...addFour, ...set(sum)],
    [...get(at), ...constant(16), add, ...set(at)],
    [...get(values), ...constant(8), add, ...tee(values), ...get(rowEnd), lessUnsigned, ...again],
  ].flat()
  const row = [
    [...get(query), ...set(at), ...zeros, ...set(sum), ...get(values), ...get(dimensions), add, ...set(rowEnd)],
    loop(step),
    get(products),
    [...get(sum), ...lane(0), ...get(sum), ...lane(1), add, ...get(sum), ...lane(2), add, ...get(sum), ...lane(3), add],
    storeWord,
    [...get(products), ...constant(4), add, ...tee(products), ...get(last), lessUnsigned, ...again],
  ].flat()
  const body = [
    [3, 2, i32, 1, v128, 1, i32],
    // The end of the products: four bytes for each row.
    [...get(products), ...get(rows), ...constant(2), shiftLeft, add, ...set(last)],
    loop(row),
    [end],
  ].flat()
  const section = (id: number, content: number[]): number[] => [id, ...length(content.length), ...content]
  const sections = [
    section(1, [1, 0x60, 5, i32, i32, i32, i32, i32, 0]),
    section(2, [1, 1, 0x6d, 1, 0x6d, 0x02, 0x01, ...length(blocksAt / pageBytes), ...length(pagesMax)]),
    section(3, [1, 0]),
    section(7, [1, 1, 0x66, 0, 0]),
    section(10, [1, ...length(body.length), ...body]),
  ]
  return new Uint8Array([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()])
}

/** A whole number as WebAssembly writes it: seven bits in each byte. */
function length(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...length(value >>> 7)]
}
