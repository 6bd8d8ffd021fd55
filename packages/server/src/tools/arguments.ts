// Checks the arguments that a model wrote: JSON text against the tool's JSON Schema, with an error that the model can act on.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { LRUCache } from "lru-cache"
import { canonicalJson, isJsonObject, messageOf, type JsonObject } from "../core/index.ts"

export type CheckedArguments = { valid: true; value: JsonObject } | { valid: false; problem: string }

const compiledSchemasMax = 500

/** Compiles each schema once; the cache is bounded because tools of requests bring schemas of their own. */
export function createArgumentChecker(): (schema: JsonObject, text: string) => CheckedArguments {
  const compiled = new LRUCache<string, ValidateFunction>({ max: compiledSchemasMax })
  const validatorOf = (schema: JsonObject): ValidateFunction => {
    const key = canonicalJson(schema)
    const known = compiled.get(key)
    if (known) return known
    // One instance per schema: a shared one would keep every schema for ever and refuse a second one of the same $id.
    const validate = new Ajv2020({ strict: false, allErrors: false, validateFormats: false }).compile(schema)
    compiled.set(key, validate)
    return validate
  }
  return (schema, text) => {
    const value = parse(text)
    if (!isJsonObject(value)) return { valid: false, problem: `the arguments must be a JSON object, got: ${text.slice(0, 200)}` }
    const validate = validatorOf(schema)
    if (validate(value)) return { valid: true, value }
    const [error] = validate.errors ?? []
    return {
      valid: false,
      problem: `the arguments do not fit the tool's schema: ${error?.instancePath || "the object"} ${error?.message ?? "is wrong"}`,
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim() === "" ? "{}" : text)
  } catch (error) {
    return messageOf(error)
  }
}
