// Tests of multipart bodies: any content survives, limits are kept while reading, malformed bodies are refused.
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { AppError } from "../../core/index.ts"
import { readMultipart, splitMultipart } from "./files-multipart.ts"

const tooLarge = (): AppError => new AppError("file_too_large", "too large")

it("gives back what FormData wrote, whatever the bytes and names are", async () => {
  const filename = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((name) => !/[\0\\\ud800-\udfff]/.test(name))
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), filename, async (content, name) => {
      const form = new FormData()
      form.append("purpose", "assistants")
      form.append("file", new Blob([content.slice().buffer]), name)
      const request = new Request("http://localhost/", { method: "POST", body: form })
      const parts = await readMultipart(request, 100_000, tooLarge)
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
  await expect(readMultipart(request, 10_000, tooLarge)).rejects.toMatchObject({ code: "file_too_large" })
  expect(pulled).toBeLessThan(20)
})

it("refuses what is no multipart body, and never hangs on broken ones", async () => {
  const request = new Request("http://localhost/", { method: "POST", body: "{}", headers: { "content-type": "application/json" } })
  await expect(readMultipart(request, 100, tooLarge)).rejects.toMatchObject({ code: "unsupported_media_type" })
  const pieces = fc.array(fc.constantFrom("--b", "\r\n", "--", 'Content-Disposition: form-data; name="a"', "\r\n\r\n", "text"), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(pieces, (list) => {
      const outcome = attempt(() => splitMultipart(Buffer.from(list.join("")), "b"))
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
