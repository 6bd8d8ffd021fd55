// Access tokens of Google's against a token endpoint on a real port, with a clock that is moved by hand.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeGoogle } from "../../../testing/fake-google.ts"
import { createAccessTokens } from "./access-token.ts"
import { googleCredentials } from "./credentials.ts"

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
    const tokens = createAccessTokens(googleCredentials(google.serviceAccount, "x"), clock)
    const [first, second] = await Promise.all([tokens.get(), tokens.get()])
    now += 50 * minuteMs
    expect([second, await tokens.get()]).toEqual([first, first])
    expect(google.grants).toHaveLength(1)
    expect(google.grants[0]).toMatchObject({ iat: 1_700_000_000, exp: 1_700_003_600, iss: "perdure@p.iam.gserviceaccount.com" })
  })

  it("are renewed behind the calls shortly before they end, and meanwhile the old one serves", async () => {
    const tokens = createAccessTokens(googleCredentials(google.serviceAccount, "x"), clock)
    const first = await tokens.get()
    now += 56 * minuteMs
    expect(await tokens.get()).toBe(first)
    await expect.poll(async () => (await tokens.get()) === first).toBe(false)
    expect(google.grants).toHaveLength(2)
  })

  it("go on to serve when they cannot be renewed, until they end; then the call fails, and the next one asks again", async () => {
    const tokens = createAccessTokens(googleCredentials(google.serviceAccount, "x"), clock)
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
    await createAccessTokens(googleCredentials(google.authorizedUser, "x"), clock).get()
    await createAccessTokens({ type: "metadata", tokenUrl: google.metadataUrl }, clock).get()
    expect(google.grants).toEqual([
      { grant_type: "refresh_token", client_id: "c", client_secret: "s", refresh_token: "r" },
      { metadata: "Google" },
    ])
  })
})

describe("credentials", () => {
  it.each([
    ["nonsense", "are not JSON"],
    ["[]", "are not an object"],
    ['{"type":"external_account"}', 'are of the type "external_account", not "service_account" or "authorized_user"'],
    ['{"type":"service_account","client_email":"a@b"}', 'have no "private_key"'],
  ])("such as %s are refused with what is wrong", (json, what) => {
    expect(() => googleCredentials(json, "perdure.yaml:4")).toThrow(`the Google credentials of perdure.yaml:4 ${what}`)
  })
})
