// The gate denies by default, allows by a grant, respects the label, and says why.
import { describe, expect, it } from "vitest"
import { AppError } from "../core/index.ts"
import { createGate } from "./gate.ts"
import { unknownLabel, userLabel } from "./labels.ts"
import type { GateRequest, Grant } from "./types.ts"

const request: GateRequest = {
  projectId: "proj_a",
  principal: "key_1",
  action: "tool.call",
  target: "refund",
  label: userLabel("key_1"),
  runId: null,
}
const grant = (part: Partial<Grant>): Grant => ({ to: "*", allow: ["tool.call:refund"], origin: "perdure.yaml:3", ...part })

describe("the gate", () => {
  it("denies what no grant allows, and the error names the grant that would", () => {
    const gate = createGate({ grants: [] })
    expect(gate.decide(request)).toMatchObject({ allowed: false, rule: "default deny" })
    let thrown: unknown
    try {
      gate.require(request)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(AppError)
    expect(thrown).toMatchObject({ code: "policy_denied", status: 403 })
    expect((thrown as AppError).hint).toContain('allow: ["tool.call:refund"]')
  })

  it("allows what a grant names and says where the grant was declared", () => {
    const decision = createGate({ grants: [grant({ to: "key_2" }), grant({ to: "key_1" })] }).decide(request)
    expect(decision).toMatchObject({ allowed: true, rule: "grants[1]" })
    expect(decision.reason).toContain("perdure.yaml:3")
  })

  it.each([
    ["tool.call:refund", true],
    ["tool.call:ref*", true],
    ["tool.call:*", true],
    ["tool.call", true],
    ["*", true],
    ["tool.*:refund", true],
    ["tool.read:refund", false],
    ["tool.call:refunds", false],
    ["tool.call:ref", false],
    ["", false],
  ])("reads the pattern %j as %s", (pattern, allowed) => {
    expect(createGate({ grants: [grant({ allow: [pattern] })] }).decide(request).allowed).toBe(allowed)
  })

  it("denies a request that was influenced by text below the grant's integrity, and names the source", () => {
    const gate = createGate({ grants: [grant({ integrityMin: 3 })] })
    expect(gate.decide(request).allowed).toBe(true)
    const tainted = gate.decide({ ...request, label: { ...unknownLabel("key_1"), sources: ["url:evil.example"] } })
    expect(tainted).toMatchObject({ allowed: false, rule: "grants[0]" })
    expect(tainted.reason).toContain("url:evil.example")
  })

  it("lets a later grant without that condition allow it", () => {
    const gate = createGate({ grants: [grant({ integrityMin: 3 }), grant({ integrityMin: 0 })] })
    expect(gate.decide({ ...request, label: unknownLabel("key_1") })).toMatchObject({ allowed: true, rule: "grants[1]" })
  })
})
