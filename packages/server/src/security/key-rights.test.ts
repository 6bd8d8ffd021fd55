// No key can be turned into a stronger one: what a manager may give, for each thing that makes a key stronger.
import { describe, expect, it } from "vitest"
import { requireManager, requireNoLimits, requireWithin, type KeyManager, type KeyRights } from "./key-rights.ts"

const nothing: KeyRights = { models: [], endpoints: [], regions: [], limits: {}, tags: [], user: null, expiresAt: null }
const manager = (part: Partial<KeyRights>): KeyManager => ({ ...nothing, id: "key_1", name: "lead", ...part })
const may = (own: Partial<KeyRights>, wanted: Partial<KeyRights>): boolean => {
  try {
    requireWithin(manager(own), { ...nothing, ...wanted })
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: "permission_denied", status: 403 })
    return false
  }
}

describe("a key that manages keys", () => {
  it.each<[Partial<KeyRights>, Partial<KeyRights>, boolean]>([
    [{}, {}, true],
    [{}, { models: ["*"], endpoints: ["keys"], user: "bob", tags: ["x"], expiresAt: 5 }, true],
    [{ models: ["gpt-*"] }, {}, false],
    [{ models: ["gpt-*"] }, { models: ["gpt-4o", "gpt-5*"] }, true],
    [{ models: ["gpt-*"] }, { models: ["gpt-4o", "claude-*"] }, false],
    [{ models: ["gpt-*"] }, { models: ["*"] }, false],
    [{ endpoints: ["keys", "chat"] }, {}, false],
    [{ endpoints: ["keys", "chat"] }, { endpoints: ["chat"] }, true],
    [{ endpoints: ["keys", "chat"] }, { endpoints: ["images"] }, false],
    [{ endpoints: ["keys", "chat"] }, { endpoints: ["/v1/chat/completions", "POST /v1/chat/*"] }, true],
    [{ endpoints: ["keys", "chat"] }, { endpoints: ["/v1/chat*"] }, false],
    [{ endpoints: ["keys", "chat"] }, { endpoints: ["/v1/*"] }, false],
    [{ endpoints: ["/v1/*"] }, { endpoints: ["chat", "GET /v1/files"] }, true],
    [{ endpoints: ["/v1/keys*", "GET /v1/files*"] }, { endpoints: ["GET /v1/files"] }, true],
    [{ endpoints: ["/v1/keys*", "GET /v1/files*"] }, { endpoints: ["DELETE /v1/files"] }, false],
    [{ endpoints: ["/v1/keys*", "GET /v1/files*"] }, { endpoints: ["/v1/files"] }, false],
    [{ endpoints: ["/v1/keys*", "GET /v1/files*"] }, { endpoints: ["files"] }, false],
    [{ endpoints: ["/v1/chat/completions"] }, { endpoints: ["chat"] }, false],
    [{ expiresAt: 10 }, { expiresAt: 10 }, true],
    [{ expiresAt: 10 }, { expiresAt: 11 }, false],
    [{ expiresAt: 10 }, {}, false],
    [{ user: "alice" }, { user: "alice" }, true],
    [{ user: "alice" }, { user: "bob" }, false],
    [{ user: "alice" }, {}, false],
    [{ tags: ["team:a"] }, { tags: ["x", "team:a"] }, true],
    [{ tags: ["team:a"] }, { tags: ["x"] }, false],
    [{ limits: { requestsPerMinute: 5 } }, { limits: { requestsPerMinute: 5 } }, true],
    [{ limits: { requestsPerMinute: 5 } }, { limits: { requestsPerMinute: 4 } }, false],
    [{ limits: { requestsPerMinute: 5 } }, {}, false],
  ])("with %j and a key with %j: %s", (own, wanted, allowed) => {
    expect(may(own, wanted)).toBe(allowed)
  })

  it("needs no permission while unrestricted, and its endpoints' as soon as it is restricted", () => {
    expect(() => requireManager(manager({ tags: ["x"], expiresAt: 5 }))).not.toThrow()
    for (const part of [{ models: ["gpt-*"] }, { limits: { concurrent: 1 } }, { user: "alice" }]) {
      expect(() => requireManager(manager(part))).toThrow(
        expect.objectContaining({ code: "permission_denied", hint: expect.stringContaining("key_1") as string }),
      )
      expect(() => requireManager(manager({ ...part, endpoints: ["keys"] }))).not.toThrow()
    }
  })

  it("makes no other keys while it has limits, which would be multiplied", () => {
    expect(() => requireNoLimits(manager({ limits: { budgetUsd: 5 } }))).toThrow(
      expect.objectContaining({ code: "permission_denied", param: "limits" }),
    )
    expect(() => requireNoLimits(manager({ models: ["a"] }))).not.toThrow()
  })
})
