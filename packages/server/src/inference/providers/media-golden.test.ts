// Each provider's golden fixtures of pictures and sounds: the requests that a call becomes, what is read from its answers, and every way to fail.
import { describe, expect, it } from "vitest"
import { providerType, providerTypeNames } from "../../config/index.ts"
import type { JsonObject } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { errorOfStatus } from "../upstream-error.ts"
import { deploymentOf } from "./golden.fixtures.ts"
import { mediaDialectOf } from "./media-dialects.ts"
import {
  imageCallOf,
  imagesAskedOf,
  readMediaFixtures,
  speechCallOf,
  transcriptionCallOf,
  type MediaFixture,
} from "./media-golden.fixtures.ts"
import type { MediaDialect } from "./media-port.ts"
import type { ProviderRequest } from "./port.ts"

const fixtures = readMediaFixtures()

function able<Service extends keyof MediaDialect>(deployment: Deployment, service: Service): NonNullable<MediaDialect[Service]> {
  const found = mediaDialectOf(deployment)?.[service]
  if (!found) throw new Error(`${deployment.id} has no ${service}`)
  return found
}

function requestsOf(fixture: MediaFixture, call: JsonObject): readonly ProviderRequest[] {
  const deployment = deploymentOf(fixture)
  if (fixture.service === "images") return able(deployment, "images").requests(imageCallOf(call), deployment)
  if (fixture.service === "imageWords") return [able(deployment, "imageWords").request(imagesAskedOf(call), deployment)]
  if (fixture.service === "speechWords") return [able(deployment, "speechWords").request(speechCallOf(call), deployment) ?? []].flat()
  if (fixture.service === "speech") return [able(deployment, "speech").request(speechCallOf(call), deployment)]
  return [able(deployment, "transcription").request(transcriptionCallOf(call), deployment)]
}

function readOf(fixture: MediaFixture, answer: JsonObject): object {
  const deployment = deploymentOf(fixture)
  if (fixture.service === "images") return able(deployment, "images").read(answer, deployment)
  if (fixture.service === "transcription") return able(deployment, "transcription").read(answer, deployment)
  const { sound, ...rest } = able(deployment, "speech").read(answer, deployment, speechCallOf(fixture.call))
  return { ...rest, sound: sound.toString("base64") }
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

const having = <Key extends keyof MediaFixture>(key: Key) =>
  fixtures.flatMap((fixture) => {
    const part = fixture[key]
    return part === undefined ? [] : [{ fixture, name: fixture.name, part }]
  })

describe("golden fixtures of pictures and sounds", () => {
  it.each(fixtures)("$name says where its shapes are documented", ({ about, source }) => {
    expect(about).not.toBe("")
    expect(source.length).toBeGreaterThan(0)
  })

  it.each(having("requests"))("$name becomes exactly these requests", ({ fixture, part }) => {
    const requests = requestsOf(fixture, fixture.call)
    expect(requests.map(({ path, body }) => ({ path, body: JSON.parse(body) as unknown }))).toEqual(part)
  })

  it.each(having("read"))("$name: the answer is read", ({ fixture, part }) => {
    expect(readOf(fixture, fixture.answer ?? {})).toEqual(part)
  })

  it.each(having("failures").flatMap(({ fixture, name, part }) => part.map((failure, index) => ({ fixture, name, index, ...failure }))))(
    "$name: failure $index is told",
    ({ fixture, answer, becomes }) => {
      expect(thrownBy(() => readOf(fixture, answer))).toMatchObject(becomes)
    },
  )

  it.each(having("errors").flatMap(({ fixture, name, part }) => part.map((error) => ({ fixture, name, ...error }))))(
    "$name: status $status is reported",
    ({ fixture, status, headers = {}, body, becomes }) => {
      const error = errorOfStatus(deploymentOf(fixture), status, typeof body === "string" ? body : JSON.stringify(body), headers)
      expect(error).toMatchObject(becomes)
      expect(error.message).not.toMatch(/secret|provider\.example/)
    },
  )

  it.each(having("refusals").flatMap(({ fixture, name, part }) => part.map((refusal) => ({ fixture, name, ...refusal }))))(
    "$name: refuses what says $says",
    ({ fixture, call, says, param }) => {
      expect(thrownBy(() => requestsOf(fixture, { ...fixture.call, ...call }))).toMatchObject({
        code: "unsupported_value",
        message: expect.stringContaining(says) as string,
        param,
      })
    },
  )
})

/** Their answers are passed on: http/media/golden-media.test.ts. */
const passes: ReadonlySet<string> = new Set(["imageWords", "speechWords"])

/** Why a service of a provider has no fixtures. */
const reasons: Readonly<Record<string, string>> = {
  "ai-sdk images": "packages are called as functions: http/media/made-packages.test.ts",
  "ai-sdk speech": "packages are called as functions: http/media/made-packages.test.ts",
  "ai-sdk transcription": "packages are called as functions: http/media/made-packages.test.ts",
}

describe("the matrix of pictures and sounds", () => {
  it("has an answer and an error for each service that a provider with a form of its own serves", () => {
    const lacking = providerTypeNames.flatMap((provider) => {
      const own = fixtures.filter((fixture) => fixture.provider === provider)
      const services = new Set(own.map(({ service }) => service))
      const served = (["images", "speech", "transcription"] as const).filter((each) => providerType(provider).serves?.includes(each))
      return [...new Set([...services, ...served])].flatMap((service) => {
        if (reasons[`${provider} ${service}`] !== undefined) return []
        const of = own.filter((fixture) => fixture.service === service)
        const has = (part: keyof MediaFixture): boolean => of.some((fixture) => fixture[part] !== undefined)
        return [
          has("read") || passes.has(service) ? [] : [`${provider} ${service} answer`],
          has("errors") || has("failures") ? [] : [`${provider} ${service} error`],
        ].flat()
      })
    })
    expect(lacking).toEqual([])
  })
})
