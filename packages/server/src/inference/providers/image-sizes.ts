// A wanted size as what providers ask for in its place: a shape of a list, or a class of resolution.
import { AppError } from "../../core/index.ts"
import type { ImageSize } from "./media-port.ts"

/** `1024x1024`; null where it is left to the model. */
export function imageSizeIn(size: string | null | undefined): ImageSize | null {
  if (size === null || size === undefined || size === "auto") return null
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? []
  if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) }
  throw new AppError("unsupported_value", `"size" is ${JSON.stringify(size.slice(0, 40))}, but must be auto or such as 1024x1024`, {
    param: "size",
  })
}

/** The nearest of shapes such as `3:2`; undefined where no size is wanted. */
export function nearestShape<Shape extends string>(size: ImageSize | null, shapes: readonly Shape[]): Shape | undefined {
  if (!size) return undefined
  const distanceOf = (shape: Shape): number => {
    const [width = 1, height = 1] = shape.split(":").map(Number)
    return Math.abs(Math.log((size.width / size.height) * (height / width)))
  }
  return shapes.toSorted((a, b) => distanceOf(a) - distanceOf(b))[0]
}

/** `1K` is what models make by themselves. */
export function resolutionOf(size: ImageSize | null): "2K" | "4K" | undefined {
  if (!size) return undefined
  const longest = Math.max(size.width, size.height)
  if (longest >= 3_072) return "4K"
  return longest >= 2_048 ? "2K" : undefined
}

/** `count` pictures in requests of at most `countMax`. */
export function inPortions(count: number, countMax: number): number[] {
  return Array.from({ length: Math.ceil(count / countMax) }, (_, index) => Math.min(countMax, count - index * countMax))
}
