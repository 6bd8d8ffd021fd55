// Access tokens of Google's against a token endpoint on a real port, with a clock that is moved by hand.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeGoogle } from "../../../testing/fake-google.ts"
import { createAccessTokens } from "./access-token.ts"
import { googleCredentials, type GoogleCredentials } from "./credentials.ts"

const google = await startFakeGoogle()
afterAll(() => google[Symbol.asyncDispose]())
let now = 0
const clock = { now: () => now, monotonic: () => now }
beforeEach(() => {
  now = 1_700_000_000_000
  google.grants.length = 0
  google.lifeSeconds = 3_600
  google.refuses = null
})

const minuteMs = 60_000

describe("access tokens", () => {
  it("are asked for once, however many calls wait, and used until they are old", async () => {
    const tokens = createAccessTokens(() => googleCredentials(google.serviceAccount, "x"), clock)
    const [first, second] = await Promise.all([tokens.get(), tokens.get()])
    now += 50 * minuteMs
    expect([second, await tokens.get()]).toEqual([first, first])
    expect(google.grants).toHaveLength(1)
    expect(google.grants[0]).toMatchObject({ iat: 1_700_000_000, exp: 1_700_003_600, iss: "perdure@p.iam.gserviceaccount.com" })
  })

  it("are renewed behind the calls shortly before they end, and meanwhile the old one serves", async () => {
    const tokens = createAccessTokens(() => googleCredentials(google.serviceAccount, "x"), clock)
    const first = await tokens.get()
    now += 56 * minuteMs
    expect(await tokens.get()).toBe(first)
    await expect.poll(async () => (await tokens.get()) === first).toBe(false)
    expect(google.grants).toHaveLength(2)
  })

  it("go on to serve when they cannot be renewed, until they end; then the call fails, and the next one asks again", async () => {
    const tokens = createAccessTokens(() => googleCredentials(google.serviceAccount, "x"), clock)
    const first = await tokens.get()
    google.refuses = 500
    now += 56 * minuteMs
    expect(await tokens.get()).toBe(first)
    await expect.poll(() => google.grants.length).toBe(2)
    expect(await tokens.get()).toBe(first)
    expect(google.grants).toHaveLength(2) // not at each call
    now += 4 * minuteMs
    await expect(tokens.get()).rejects.toThrow("HTTP 500 invalid_grant: Invalid JWT Signature.")
    google.refuses = null
    expect(await tokens.get()).not.toBe(first)
  })

  it("come for a person's refresh token and from the metadata server, too", async () => {
    await createAccessTokens(() => googleCredentials(google.authorizedUser, "x"), clock).get()
    await createAccessTokens(() => ({ type: "metadata", tokenUrl: google.metadataUrl }), clock).get()
    expect(google.grants).toEqual([
      { grant_type: "refresh_token", client_id: "c", client_secret: "s", refresh_token: "r" },
      { metadata: "Google" },
    ])
  })
})

describe("tokens by workload identity federation", () => {
  const folder = mkdtempSync(join(tmpdir(), "perdure-google-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const account = (credential_source: object, more: object = {}): GoogleCredentials =>
    googleCredentials(
      JSON.stringify({
        type: "external_account",
        audience: "//iam.googleapis.com/pool",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: google.metadataUrl.replace(/computeMetadata.*$/, "token"),
        credential_source,
        ...more,
      }),
      "x",
    )

  it("come for a token in a file, which is read each time, alone or as a member of JSON", async () => {
    const file = join(folder, "token")
    writeFileSync(file, "first\n")
    const tokens = createAccessTokens(() => account({ file }), clock)
    expect(await tokens.get()).toBe("ya29.token-1")
    writeFileSync(file, "second")
    tokens.forget()
    await tokens.get()
    writeFileSync(file, '{"id":"third"}')
    await createAccessTokens(() => account({ file, format: { type: "json", subject_token_field_name: "id" } }), clock).get()
    expect(google.grants.map((grant) => grant["subject_token"])).toEqual(["first", "second", "third"])
    expect(google.grants[0]).toMatchObject({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: "//iam.googleapis.com/pool",
      scope: "https://www.googleapis.com/auth/cloud-platform",
    })
  })

  it("come for a token at an address, and are exchanged for a service account's", async () => {
    const source = { url: google.metadataUrl, headers: { "Metadata-Flavor": "Google" }, format: { type: "json" } }
    const impersonation = { service_account_impersonation_url: google.metadataUrl.replace(/computeMetadata.*$/, "impersonate") }
    expect(await createAccessTokens(() => account(source, impersonation), clock).get()).toBe("ya29.impersonated")
    expect(google.grants).toMatchObject([
      { metadata: "Google" },
      { subject_token: "ya29.token-1" },
      { impersonatedBy: "Bearer ya29.token-2", scope: ["https://www.googleapis.com/auth/cloud-platform"] },
    ])
  })

  it("that cannot be had say why", async () => {
    await expect(createAccessTokens(() => account({ file: join(folder, "none") }), clock).get()).rejects.toThrow(
      "the subject token cannot be read",
    )
    google.refuses = 400
    const file = join(folder, "any")
    writeFileSync(file, "x")
    await expect(createAccessTokens(() => account({ file }), clock).get()).rejects.toThrow("the token exchange refuses (400 invalid_grant")
  })
})

describe("credentials", () => {
  it.each([
    ["nonsense", "are not JSON"],
    ["[]", "are not an object"],
    ['{"type":"impersonated"}', 'are of the type "impersonated", not "service_account", "authorized_user" or "external_account"'],
    ['{"type":"external_account","audience":"a","subject_token_type":"t"}', 'have a "credential_source" with neither "file" nor "url"'],
    ['{"type":"service_account","client_email":"a@b"}', 'have no "private_key"'],
  ])("such as %s are refused with what is wrong", (json, what) => {
    expect(() => googleCredentials(json, "perdure.yaml:4")).toThrow(`the Google credentials of perdure.yaml:4 ${what}`)
  })
})
