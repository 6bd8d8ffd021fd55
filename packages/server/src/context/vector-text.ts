// Vectors in a journal: base64 of their 32-bit floats, which is a third of their decimal text and exact.

export function vectorText(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
}

export function vectorOfText(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64")
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
