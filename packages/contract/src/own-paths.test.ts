// Paths of keys that are passed through: which of them nothing answers.
import { expect, test } from "vitest"
import { unpassedEndpoints } from "./own-paths.ts"

test("an endpoint is unpassed where it is below none of the server's paths, and below none that is passed through", () => {
  const own = ["chat", "/v1/images/*", "GET /v1/files*", "/mcp", "POST /key/generate"]
  const below = ["/openai", "/openai/*", "GET /openai/files/*", "/open*", "/bria/v1/x"]
  const others = ["/openais/*", "GET /other", "/open"]
  expect(unpassedEndpoints([...own, ...below, ...others], ["/openai", "/bria/v1"])).toEqual(others)
  expect(unpassedEndpoints(below, [])).toEqual(below)
})
