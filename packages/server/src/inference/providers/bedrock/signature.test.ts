// The signature against the vectors of AWS's published test suite for Signature Version 4.
import { describe, expect, it } from "vitest"
import { signatureHeaders, type RequestToSign } from "./signature.ts"

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }
const scope = { region: "us-east-1", service: "service", at: Date.parse("2015-08-30T12:36:00Z") }

function signed(part: Partial<RequestToSign>): string {
  const request = { method: "GET", origin: "https://example.amazonaws.com", path: "/", headers: {}, body: "", ...part }
  return signatureHeaders(request, credentials, scope)["authorization"] ?? ""
}

describe("Signature Version 4", () => {
  it.each([
    ["get-vanilla", {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", { method: "POST" }, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    ["get-utf8", { path: "/ሴ" }, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"],
    [
      "get-unreserved",
      { path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" },
      "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ],
    [
      "get-vanilla-query-order-key-case",
      { path: "/?Param2=value2&Param1=value1" },
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "get-vanilla-query-order-value",
      { path: "/?Param1=value2&Param1=Value1" },
      "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    ],
    [
      "get-header-value-trim",
      { headers: { "My-Header1": " value1", "My-Header2": ' "a   b   c"' } },
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ],
    [
      "post-x-www-form-urlencoded",
      { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "Param1=value1" },
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ] as const)("signs %s as published", (_, part, signature) => {
    expect(signed(part)).toMatch(new RegExp(`Signature=${signature}$`))
  })

  it("names what it covers and where it holds", () => {
    expect(signed({ headers: { "X-Other": "1" } })).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, SignedHeaders=host;x-amz-date;x-other, Signature=/,
    )
  })

  it("covers the session token of temporary credentials", () => {
    const headers = signatureHeaders(
      { method: "POST", origin: "https://example.amazonaws.com", path: "/", headers: {}, body: "" },
      { ...credentials, sessionToken: "a-token" },
      scope,
    )
    expect(headers["x-amz-security-token"]).toBe("a-token")
    expect(headers["authorization"]).toContain("SignedHeaders=host;x-amz-date;x-amz-security-token,")
  })

  it("encodes a path once more than it is on the wire, so that the colon of a model's id fits", () => {
    const wire = signed({ path: "/model/a.b-v1%3A0/converse" })
    expect(wire).not.toBe(signed({ path: "/model/a.b-v1:0/converse" }))
    expect(signed({ path: "/model/a.b-v1%3a0/converse" })).not.toBe(wire)
  })
})
