// A gateway for all tests of one file, in front of the fake provider that they prepare, asked with the plain openai client; its records begin anew with each test.
import OpenAI from "openai"
import { afterAll, beforeEach, expect } from "vitest"
import type { LightRunRecord } from "../accounting/index.ts"
import type { FakeProvider } from "./fake-provider.ts"
import { startTestGateway, testKey, type TestGateway, type TestGatewayOptions } from "./gateway.ts"

export interface AskedGateway {
  readonly gateway: TestGateway
  readonly client: OpenAI
  /** Of the only call of this test, once it is written. */
  readonly record: () => Promise<LightRunRecord | undefined>
}

export async function startAskedGateway(provider: FakeProvider, options: TestGatewayOptions): Promise<AskedGateway> {
  const gateway = await startTestGateway(options)
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    gateway.records.length = 0
  })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
  const record = async (): Promise<LightRunRecord | undefined> => {
    await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
    return gateway.records[0]
  }
  return { gateway, client, record }
}
