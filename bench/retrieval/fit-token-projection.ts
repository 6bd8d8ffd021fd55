// Makes packages/minilm/model/token-projection.f32: the directions in which the token vectors of MiniLM differ most, over the project's own texts.
//   node bench/retrieval/fit-token-projection.ts     prints the file's SHA-256, which packages/minilm/src/model-files.ts names
import { createHash } from "node:crypto"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { dimensions, tokenIds } from "../../packages/minilm/src/encode.ts"
import { tokenDimensions } from "../../packages/minilm/src/late-interaction.ts"
import { modelDirectory } from "../../packages/minilm/src/model-files.ts"
import { lastHiddenState, loadModel } from "../../packages/minilm/src/model.ts"

const root = new URL("../../", import.meta.url)
const paragraphsMax = 4_000
const rounds = 60

const model = await loadModel(modelDirectory)
const moments = new Float64Array(dimensions * dimensions)
let tokens = 0
for (const text of paragraphs()) {
  const ids = tokenIds(model.tokenizer, text)
  addMoments(await lastHiddenState(model, ids))
  tokens += ids.length
}
const basis = leadingDirections(moments)
const file = `${modelDirectory}token-projection.f32`
writeFileSync(file, new Uint8Array(Float32Array.from(basis).buffer))
console.log(`${tokens} tokens; ${createHash("sha256").update(readFileSync(file)).digest("hex")}  ${file}`)

/** Conversations of the synthetic set and paragraphs of the documentation. */
function paragraphs(): string[] {
  const prose = globSync(["docs/**/*.md", "design/**/*.md", "*.md"], { cwd: root })
    .sort()
    .flatMap((path) => readFileSync(new URL(path, root), "utf8").split(/\n\s*\n/))
  const texts = prose.filter((text) => text.length > 40 && !text.includes("```"))
  const step = Math.max(1, texts.length / paragraphsMax)
  return Array.from({ length: Math.min(texts.length, paragraphsMax) }, (_, index) => texts[Math.floor(index * step)] ?? "")
}

function addMoments(hidden: Float32Array): void {
  for (let at = 0; at < hidden.length; at += dimensions) {
    const token = hidden.subarray(at, at + dimensions)
    const squares = token.reduce((total, value) => total + value * value, 0)
    for (let row = 0; row < dimensions; row++) {
      const value = token[row]! / squares
      for (let column = 0; column < dimensions; column++) moments[row * dimensions + column]! += value * token[column]!
    }
  }
}

/** Subspace iteration: `dimensions` rows of `tokenDimensions`. */
function leadingDirections(matrix: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  let columns = Array.from({ length: tokenDimensions }, (_, index) =>
    Float64Array.from({ length: dimensions }, (_, row) => seeded(index, row)),
  )
  for (let round = 0; round < rounds; round++) columns = orthonormal(columns.map((column) => product(matrix, column)))
  return Float64Array.from(
    { length: dimensions * tokenDimensions },
    (_, at) => columns[at % tokenDimensions]![Math.floor(at / tokenDimensions)]!,
  )
}

function seeded(index: number, row: number): number {
  return Math.sin(index * 7_919 + row * 104_729)
}

function product(matrix: Float64Array<ArrayBuffer>, vector: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const result = new Float64Array(dimensions)
  for (let row = 0; row < dimensions; row++) {
    let sum = 0
    for (let column = 0; column < dimensions; column++) sum += matrix[row * dimensions + column]! * vector[column]!
    result[row] = sum
  }
  return result
}

function orthonormal(columns: Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer>[] {
  const done: Float64Array<ArrayBuffer>[] = []
  for (const column of columns) {
    for (const other of done) {
      const along = dot(column, other)
      for (let i = 0; i < dimensions; i++) column[i]! -= along * other[i]!
    }
    const length = Math.sqrt(dot(column, column))
    done.push(column.map((value) => value / length))
  }
  return done
}

function dot(a: Float64Array<ArrayBuffer>, b: Float64Array<ArrayBuffer>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
