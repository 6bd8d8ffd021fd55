// Tests of multipart bodies: any content survives, limits are kept while reading, malformed bodies are refused.
import { expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { AppError } from "../../core/index.ts"
import { splitMultipart } from "./files-multipart.ts"
import { readParts } from "./multipart-stream.ts"

const tooLarge = (): AppError => new AppError("file_too_large", "too large")

async function readAll(request: Request, bytesMax: number): Promise<{ name: string; filename: string | undefined; content: Buffer }[]> {
  const parts = []
  for await (const { content, ...part } of readParts(request, bytesMax, tooLarge))
    parts.push({ ...part, content: Buffer.concat(await Array.fromAsync(content)) })
  return parts
}

function requestOf(bytes: Uint8Array, sizes: readonly number[], contentType: string): Request {
  let at = 0
  let count = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      const size = sizes.length === 0 ? bytes.length : (sizes[count++ % sizes.length] ?? 1)
      controller.enqueue(bytes.slice(at, (at += size)))
    },
  })
  return new Request("http://localhost/", { method: "POST", body, headers: { "content-type": contentType }, duplex: "half" } as RequestInit)
}

it("gives back what FormData wrote, whatever the bytes and names are, and however it arrives", async () => {
  const filename = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((name) => !/[\0\\\ud800-\udfff]/.test(name))
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 20 })
  // Bytes that look like the beginning of a boundary.
  const tricky = fc.array(fc.constantFrom("\r\n", "--", "\r\n--", "-", "\r", "\n", "x"), { maxLength: 200 })
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    tricky.map((pieces) => new TextEncoder().encode(pieces.join(""))),
  )
  await fc.assert(
    fc.asyncProperty(content, filename, sizes, async (content, name, sizes) => {
      const form = new FormData()
      form.append("purpose", "assistants")
      form.append("file", new Blob([content.slice().buffer]), name)
      const whole = new Request("http://localhost/", { method: "POST", body: form })
      const contentType = whole.headers.get("content-type") ?? ""
      const parts = await readAll(requestOf(new Uint8Array(await whole.arrayBuffer()), sizes, contentType), 100_000)
      expect(parts.map((part) => part.name)).toEqual(["purpose", "file"])
      expect(parts[0]?.content.toString()).toBe("assistants")
      expect(parts[1]?.content.equals(Buffer.from(content))).toBe(true)
    }),
    { numRuns: 100 },
  )
})

it("stops reading at the limit", async () => {
  let pulled = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1
      controller.enqueue(new Uint8Array(1_000))
    },
  })
  const headers = { "content-type": "multipart/form-data; boundary=x" }
  const request = new Request("http://localhost/", { method: "POST", body: endless, headers, duplex: "half" } as RequestInit)
  await expect(readAll(request, 10_000)).rejects.toMatchObject({ code: "file_too_large" })
  expect(pulled).toBeLessThan(20)
})

it("refuses what is no multipart body, and never hangs on broken ones", async () => {
  const request = new Request("http://localhost/", { method: "POST", body: "{}", headers: { "content-type": "application/json" } })
  await expect(readAll(request, 100)).rejects.toMatchObject({ code: "unsupported_media_type" })
  const pieces = fc.array(fc.constantFrom("--b", "\r\n", "--", 'Content-Disposition: form-data; name="a"', "\r\n\r\n", "text"), {
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(pieces, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 9 }), async (list, sizes) => {
      const bytes = Buffer.from(list.join(""))
      const outcome = attempt(() => splitMultipart(bytes, "b"))
      const streamed = await readAll(requestOf(bytes, sizes, "multipart/form-data; boundary=b"), 100_000).catch((error: unknown) => error)
      expect(streamed instanceof AppError ? streamed.code : streamed).toEqual(outcome instanceof AppError ? outcome.code : outcome)
      expect(Array.isArray(outcome) || (outcome instanceof AppError && outcome.code === "invalid_request")).toBe(true)
    }),
  )
})

it("reads long runs of white space in many headers in linear time", () => {
  const part = (index: number): string => `--b\r\nContent-Disposition: form-data; name="f${index}";${" ".repeat(8_000)}x\r\n\r\nv\r\n`
  const body = Buffer.from(`${Array.from({ length: 32 }, (_, index) => part(index)).join("")}--b--\r\n`)
  const started = process.cpuUsage().user
  expect(splitMultipart(body, "b")).toHaveLength(32)
  // Quadratic, it took more than two seconds of a processor.
  expect(process.cpuUsage().user - started).toBeLessThan(1_000_000)
})

/** What it returns, or what it throws. */
function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
