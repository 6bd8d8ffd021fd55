// Has buffers that died young collected by their bytes: V8 goes by the heap alone, in which a buffer of 64 KB is a hundred bytes.

/** Below the 64 MB of buffers after which V8 goes through its whole heap. */
const bytesBetween = 16 * 1024 * 1024

let collect: (() => void) | undefined
let bytesSince = 0

/** Who owns the process says how; without it nothing is counted for anything. */
export function collectYoungBy(collectYoung: () => void): void {
  collect = collectYoung
}

/** Of a buffer that was made for bytes of a connection and will soon be let go. */
export function countBuffer(sizeBytes: number): void {
  bytesSince += sizeBytes
  if (bytesSince < bytesBetween) return
  bytesSince = 0
  collect?.()
}
