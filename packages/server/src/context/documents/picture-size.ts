// How large a picture is by its head, before anything of it is decoded.

export interface PictureSize {
  width: number
  height: number
}

/** Undefined where the head does not tell. */
export function pictureSize(bytes: Uint8Array, mediaType: string): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    switch (mediaType) {
      case "image/png":
        return { width: view.getUint32(16), height: view.getUint32(20) }
      case "image/gif":
        return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
      case "image/bmp":
        return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) }
      case "image/jpeg":
        return jpegSize(view)
      case "image/webp":
        return webpSize(view)
      default:
        return undefined
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined // it is shorter than its head
    throw error
  }
}

/** In the segment that begins the frame. */
function jpegSize(view: DataView): PictureSize | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1)
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
  }
  return undefined
}

/** Its three forms, by the name of the first chunk. */
function webpSize(view: DataView): PictureSize | undefined {
  const form = String.fromCharCode(view.getUint8(12), view.getUint8(13), view.getUint8(14), view.getUint8(15))
  if (form === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  if (form === "VP8L") {
    const bits = view.getUint32(21, true)
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
  }
  if (form !== "VP8X") return undefined
  const number = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1
  return { width: number(24), height: number(27) }
}
