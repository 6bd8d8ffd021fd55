// onnxruntime's native library, and the error where it cannot be loaded.
import type * as Runtime from "onnxruntime-node"
import { MiniLmError } from "./errors.ts"

export async function loadRuntime(): Promise<typeof Runtime> {
  try {
    return await import("onnxruntime-node")
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const where = `${process.platform}-${process.arch}`
    throw new MiniLmError(
      "native_library",
      `The native library of onnxruntime-node cannot be loaded on ${where}: ${reason}. It is built for glibc Linux, macOS (arm64) and Windows; a version without native code (onnxruntime-web) is not installed. Use an embedding model of a provider instead.`,
      { cause },
    )
  }
}
