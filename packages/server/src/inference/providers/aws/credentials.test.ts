// Credentials of AWS from each source, against fake services on a real port and real files.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeAws } from "../../../testing/fake-aws.ts"
import { CredentialCache } from "../credential-cache.ts"
import { awsCredentials } from "./credentials.ts"
import type { AwsSettings } from "./types.ts"

const aws = await startFakeAws()
const folder = mkdtempSync(join(tmpdir(), "perdure-aws-"))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await aws[Symbol.asyncDispose]()
})

const now = 1_800_000_000_000
const hourMs = 3_600_000
beforeEach(() => {
  aws.asked.length = 0
  aws.endsAt = now + hourMs
  aws.refuses = false
  aws.role = "my-role"
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const credentialsFile = file(
  "credentials",
  `[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default-secret

[base] ; keys of a person
aws_access_key_id=AKIABASE
aws_secret_access_key=base/secret=
aws_session_token=base-token
`,
)
const tokenFile = file("token", "web-identity-token\n")
const configFile = file(
  "config",
  `[profile work]
role_arn = arn:aws:iam::1:role/work
source_profile = base
external_id = ext-1
role_session_name = me
[profile chained]
role_arn = arn:aws:iam::1:role/chained
source_profile = work
[profile base]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
[profile container]
role_arn = arn:aws:iam::1:role/c
credential_source = EcsContainer
[profile web]
role_arn = arn:aws:iam::1:role/web
web_identity_token_file = ${tokenFile}
[profile sso]
sso_session = corp
[profile lonely]
role_arn = arn:aws:iam::1:role/l
[profile circle]
role_arn = arn:aws:iam::1:role/circle
source_profile = circle
`,
)
const files = { AWS_SHARED_CREDENTIALS_FILE: credentialsFile, AWS_CONFIG_FILE: configFile }
const noFiles = { AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"), AWS_CONFIG_FILE: join(folder, "none") }
const services = { AWS_ENDPOINT_URL_STS: aws.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: aws.url }

function get(part: Partial<AwsSettings>, variables: Record<string, string> = {}) {
  return awsCredentials({ region: "eu-central-1", ...part, variables: { ...services, ...noFiles, ...variables } }, now)
}

function whats(): string[] {
  return aws.asked.map(({ what }) => what)
}

describe("credentials of AWS", () => {
  it("are those of the settings, which end never", async () => {
    const own = { accessKeyId: "AKIA1", secretAccessKey: "s" }
    expect(await get(own, { AWS_ACCESS_KEY_ID: "other", AWS_SECRET_ACCESS_KEY: "other" })).toEqual({
      value: own,
      until: Number.POSITIVE_INFINITY,
    })
  })

  it("come from the environment before anything else", async () => {
    const variables = { AWS_ACCESS_KEY_ID: "AKIA2", AWS_SECRET_ACCESS_KEY: "s2", AWS_SESSION_TOKEN: "t2" }
    const { value } = await get({}, { ...files, ...variables, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/container` })
    expect(value).toEqual({ accessKeyId: "AKIA2", secretAccessKey: "s2", sessionToken: "t2" })
    expect(aws.asked).toEqual([])
  })

  it("come by a web identity, as on EKS, whose file is read each time", async () => {
    const variables = { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: "arn:aws:iam::1:role/pod", AWS_ROLE_SESSION_NAME: "pod" }
    const { value, until } = await get({}, variables)
    expect(value).toEqual({ accessKeyId: "ASIA1", secretAccessKey: "role-secret", sessionToken: "role-token-1" })
    expect(until).toBe(now + hourMs)
    expect(aws.asked[0]).toMatchObject({
      what: "AssumeRoleWithWebIdentity",
      form: { RoleArn: "arn:aws:iam::1:role/pod", RoleSessionName: "pod", WebIdentityToken: "web-identity-token", Version: "2011-06-15" },
    })
    expect(aws.asked[0]?.headers.authorization).toBeUndefined()
    const renewed = file("token-2", "first")
    await get({ roleArn: "arn:aws:iam::1:role/own", webIdentityTokenFile: renewed })
    writeFileSync(renewed, "second")
    await get({ roleArn: "arn:aws:iam::1:role/own", webIdentityTokenFile: renewed })
    expect(aws.asked.slice(1).map(({ form }) => form["WebIdentityToken"])).toEqual(["first", "second"])
  })

  it("come from the shared files: the default profile, and one that the settings or AWS_PROFILE name", async () => {
    expect((await get({}, files)).value.accessKeyId).toBe("AKIADEFAULT")
    expect((await get({}, { ...files, AWS_PROFILE: "base" })).value).toEqual({
      accessKeyId: "AKIABASE",
      secretAccessKey: "base/secret=",
      sessionToken: "base-token",
    })
    expect((await get({ profile: "base" }, { ...files, AWS_ACCESS_KEY_ID: "x", AWS_SECRET_ACCESS_KEY: "y" })).value.accessKeyId).toBe(
      "AKIABASE",
    )
  })

  it("come by the roles of profiles, each assumed with what its source gives", async () => {
    await get({ profile: "work" }, files)
    expect(aws.asked[0]).toMatchObject({
      what: "AssumeRole",
      form: { RoleArn: "arn:aws:iam::1:role/work", ExternalId: "ext-1", RoleSessionName: "me" },
      headers: { authorization: expect.stringContaining("Credential=AKIABASE/") as string, "x-amz-security-token": "base-token" },
    })
    expect(aws.asked[0]?.headers.authorization).toMatch(/\/eu-central-1\/sts\/aws4_request/)
    aws.asked.length = 0
    await get({ profile: "chained" }, files)
    expect(aws.asked.map(({ form }) => form["RoleArn"])).toEqual(["arn:aws:iam::1:role/work", "arn:aws:iam::1:role/chained"])
    expect(aws.asked[1]?.headers["x-amz-security-token"]).toBe("role-token-1")
    aws.asked.length = 0
    await get({ profile: "container" }, { ...files, AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/container` })
    await get({ profile: "web" }, files)
    expect(whats()).toEqual(["container", "AssumeRole", "AssumeRoleWithWebIdentity"])
  })

  it("are a role's that the settings name, assumed with whatever else is there", async () => {
    await get({ roleArn: "arn:aws:iam::2:role/r", externalId: "e", roleSessionName: "n", accessKeyId: "AKIA1", secretAccessKey: "s" })
    await get({ roleArn: "arn:aws:iam::2:role/r" })
    expect(aws.asked[0]?.form).toMatchObject({ RoleArn: "arn:aws:iam::2:role/r", ExternalId: "e", RoleSessionName: "n" })
    expect(whats()).toEqual(["AssumeRole", "session", "roles", "instance", "AssumeRole"])
  })

  it("come from a container's service with its token, as of EKS Pod Identity", async () => {
    const variables = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/container`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile }
    expect((await get({}, variables)).value).toMatchObject({ secretAccessKey: "machine-secret", sessionToken: "machine-token-1" })
    expect(aws.asked[0]?.headers.authorization).toBe("web-identity-token")
  })

  it("come from the instance's metadata service by version 2", async () => {
    const { value, until } = await get({})
    expect(value).toEqual({ accessKeyId: "ASIA3", secretAccessKey: "machine-secret", sessionToken: "machine-token-3" })
    expect(until).toBe(now + hourMs)
    expect(whats()).toEqual(["session", "roles", "instance"])
    expect(aws.asked[0]?.headers["x-aws-ec2-metadata-token-ttl-seconds"]).toBe("21600")
  })
})

describe("credentials of AWS that cannot be had say what was tried", () => {
  const nobody = "http://127.0.0.1:1"
  it.each<[string, Partial<AwsSettings>, Record<string, string>, string]>([
    ["nowhere", {}, { AWS_EC2_METADATA_SERVICE_ENDPOINT: nobody }, "the instance's metadata service cannot be reached"],
    [
      "nowhere at all",
      {},
      { AWS_EC2_METADATA_DISABLED: "true" },
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set; AWS's shared files have no profile \"default\"; no container gives any (AWS_CONTAINER_CREDENTIALS_FULL_URI is not set); the instance's metadata service is not asked (AWS_EC2_METADATA_DISABLED)",
    ],
    ["a profile that is not there", { profile: "nix" }, files, 'no profile "nix"'],
    ["AWS_PROFILE that is not there", {}, { ...files, AWS_PROFILE: "nix" }, 'no profile "nix"'],
    ["a profile of SSO", { profile: "sso" }, files, 'the profile "sso" has sso_session, which is not read here'],
    ["a role without a source", { profile: "lonely" }, files, "neither source_profile nor credential_source"],
    ["a role that is its own source", { profile: "circle" }, files, 'the profile "circle" has no access key and no role'],
    ["a token file that is not there", { roleArn: "arn:x", webIdentityTokenFile: join(folder, "none") }, {}, "cannot be read (ENOENT)"],
    [
      "a container's service elsewhere",
      {},
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://evil.example/x" },
      "neither https nor an address of this machine",
    ],
  ])("%s", async (_, settings, variables, told) => {
    await expect(get(settings, variables)).rejects.toThrow(told)
  })

  it("a refused role, a refusing container and an instance without a role; nobody else is asked then", async () => {
    aws.refuses = true
    await expect(get({ profile: "work" }, files)).rejects.toThrow(
      "refuses to assume the role arn:aws:iam::1:role/work (403 AccessDenied: User is not",
    )
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/container` }
    await expect(get({}, container)).rejects.toThrow("the container's credential service gives none (403 AccessDenied no)")
    expect(whats()).toEqual(["AssumeRole", "container"])
    aws.refuses = false
    aws.role = null
    await expect(get({})).rejects.toThrow("the instance has no role")
  })
})

describe("credentials that are kept", () => {
  it("are fetched once, renewed shortly before they end while the old ones serve, and once more where they were refused", async () => {
    let time = now
    const clock = { now: () => time, monotonic: () => time }
    const settings = { region: "eu-central-1", variables: { ...services, ...noFiles } }
    const cache = new CredentialCache((at) => awsCredentials(settings, at), clock)
    const [first, second] = await Promise.all([cache.get(), cache.get()])
    expect(second).toBe(first)
    expect(aws.asked).toHaveLength(3)
    time = now + hourMs - 4 * 60_000
    aws.endsAt = time + hourMs
    expect(await cache.get()).toBe(first)
    await expect.poll(async () => (await cache.get()) === first).toBe(false)
    expect(aws.asked).toHaveLength(6)
    expect([cache.forget(), cache.forget()]).toEqual([true, false])
    await cache.get()
    expect(aws.asked).toHaveLength(9)
  })
})
