// Answers with an error status in which no provider speaks.
import { expect, it } from "vitest"
import { sayUntold } from "./untold-error.ts"
import type { Deployment } from "./types.ts"

const deployment = { id: "claude-1", origin: "perdure.yaml:3" } as Deployment // all that is read of it

it.each([
  [404, "{}", null, 'the provider of "claude-1" answered 404: {}'],
  [404, "404 page not found\n", null, 'the provider of "claude-1" answered 404: 404 page not found'],
  [404, '{"detail":"Not Found"}', "Not Found", 'the provider of "claude-1" answered 404: Not Found'],
  [405, "", null, 'the provider of "claude-1" answered 405 without a text'],
])("names the setting where nothing seems to be at the path: %i %j", (status, body, told, message) => {
  const hint = 'It may have nothing at that path: check "baseUrl" and "type" of that provider (perdure.yaml:3).'
  expect(sayUntold(deployment, status, body, told)).toEqual({ message, hint })
})

it.each([
  [404, '{"error":…}', "the model `x` does not exist", "the model `x` does not exist"],
  [400, '{"error":…}', "Not Found", "Not Found"],
  [502, "<html><head><title>502 Bad Gateway</title></head>…", null, 'the provider of "claude-1" answered 502: a page, "502 Bad Gateway"'],
  [503, "<!DOCTYPE html><p>Sorry", null, 'the provider of "claude-1" answered 503: a page instead of an error'],
  [503, "upstream connect error", null, 'the provider of "claude-1" answered 503: upstream connect error'],
  [500, "", null, 'the provider of "claude-1" answered 500 without a text'],
])("says a provider's own words, and of anything else who answered what: %i %j", (status, body, told, message) => {
  expect(sayUntold(deployment, status, body, told)).toEqual({ message })
})
