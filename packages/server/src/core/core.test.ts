// Identifiers sort by time, canonical JSON is canonical, frames are one line of data, background work is awaited.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { AppError, BackgroundTasks, canonicalJson, collectYoungBy, countBuffer, newId, sleep, sseEvent, type JsonValue } from "./index.ts"

describe("identifiers", () => {
  it("carry their kind, are unique and sort by creation", async () => {
    const first = newId("run")
    await sleep(5)
    const second = newId("run")
    expect(first).toMatch(/^run_[0-9a-f]{32}$/)
    expect(first < second).toBe(true)
    expect(new Set(Array.from({ length: 1000 }, () => newId("run"))).size).toBe(1000)
  })
})

describe("canonical JSON", () => {
  it("does not depend on the order of keys, and parses back to the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as JsonValue // what JSON can carry
        expect(JSON.parse(canonicalJson(json))).toEqual(json)
        expect(canonicalJson(reversed(json))).toBe(canonicalJson(json))
      }),
    )
  })

  it("leaves absent values out and keeps null", () => {
    expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}')
  })
})

describe("event frames", () => {
  it("hold one data line whatever the text, with LF only", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const frame = sseEvent("x", { text })
        expect(frame.split("\n")).toHaveLength(4)
        expect(frame).not.toContain("\r")
      }),
    )
  })
})

describe("waiting", () => {
  it("ends at once with the signal's reason", async () => {
    const reason = new Error("stop")
    await expect(sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const pending = sleep(60_000, controller.signal)
    controller.abort(reason)
    await expect(pending).rejects.toBe(reason)
  })
})

describe("background tasks", () => {
  it("report failures and are awaited, also those started meanwhile", async () => {
    const failures: string[] = []
    const tasks = new BackgroundTasks((name) => failures.push(name))
    let late = false
    tasks.run("breaks", async () => {
      await sleep(1)
      throw new Error("x")
    })
    tasks.run("starts another", async () => {
      await sleep(1)
      tasks.run("late", async () => {
        await sleep(5)
        late = true
      })
    })
    await tasks.settled()
    expect({ failures, late, size: tasks.size }).toEqual({ failures: ["breaks"], late: true, size: 0 })
  })
})

describe("errors", () => {
  it("carry the status of their code", () => {
    expect(new AppError("model_not_found", "x").status).toBe(404)
    expect(new AppError("insufficient_quota", "x").status).toBe(429)
  })
})

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, inner === undefined ? inner : reversed(inner)]),
  )
}

describe("buffers that died young", () => {
  it("are collected when those since the last time come to 16 MB, however they are cut", () => {
    let collections = 0
    collectYoungBy(() => (collections += 1))
    const piece = 64 * 1024
    for (let bytes = 0; bytes < 40 * 1024 * 1024; bytes += piece) countBuffer(piece)
    expect(collections).toBe(2)
    countBuffer(20 * 1024 * 1024)
    expect(collections).toBe(3)
    collectYoungBy(() => undefined)
  })
})
