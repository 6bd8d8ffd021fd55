// Vectors as base64, the form in which OpenAI's clients ask for them.

/** Little-endian, as every platform that Node runs on has them. */
export function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
}
