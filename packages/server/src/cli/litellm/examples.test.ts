// Each of LiteLLM's example configurations as a whole: our own loader takes what it becomes, no secret comes along, nothing is left out in silence.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { JsonObject } from "../../core/index.ts"
import { examples, liteLlmImports } from "../../testing/litellm-imports.ts"
import { readLiteLlm, translateLiteLlm } from "./index.ts"

const { imported, loaded } = liteLlmImports()

const names = readdirSync(examples).map((name) => name.replace(".yaml", ""))

describe("each example", () => {
  it.each(names)("%s becomes a configuration that our own loader takes", async (name) => {
    const { config, text } = await loaded(name)
    expect(Object.keys(config.models).length).toBeGreaterThan(2)
    // What is printed without --out is the same text.
    const { out } = await imported(join(examples, `${name}.yaml`))
    expect(out).toBe(text)
  })

  it.each(names)("%s: no secret that stands in it is written, nor told in the report", async (name) => {
    const source = readFileSync(join(examples, `${name}.yaml`), "utf8")
    const secrets = [...new Set(source.match(/literal-secret-[\w-]+/g))]
    expect(secrets.length).toBeGreaterThan(0)
    const { all } = await loaded(name)
    const { out, err } = await imported(join(examples, `${name}.yaml`))
    for (const secret of secrets) expect([all, out, err].filter((text) => text.includes(secret))).toEqual([])
  })

  it.each(names)("%s: every setting is translated or reported", (name) => {
    const value = readLiteLlm(join(examples, `${name}.yaml`))
    // A member that nobody knows, put into every map that has settings, is found in the report.
    const planted: string[] = []
    const plant = (each: unknown, path: string): void => {
      if (typeof each !== "object" || each === null || Array.isArray(each)) throw new Error(`${path} is no map`)
      Object.assign(each, { planted_setting: 1 })
      planted.push(`${path}planted_setting`)
    }
    plant(value, "")
    for (const section of ["router_settings", "litellm_settings", "general_settings"])
      if (value[section]) plant(value[section], `${section}.`)
    const list = value["model_list"] as JsonObject[]
    const served = new Set(translateLiteLlm(structuredClone(value)).report.entries.flatMap(({ paths }) => paths))
    for (const [index, item] of list.entries()) {
      const path = `model_list[${index}].litellm_params.`
      if (!served.has(`${path}model`) && !served.has(`model_list[${index}].model_name`) && !served.has(`${path}api_base`))
        plant(item["litellm_params"], path)
    }
    const { config, report } = translateLiteLlm(value)
    const told = report.entries.flatMap(({ paths }) => paths)
    // LiteLLM sends what it does not know to the provider.
    const isSent = (path: string): boolean => {
      const name = list[Number(/^model_list\[(\d+)\]/.exec(path)?.[1] ?? -1)]?.["model_name"]
      return (
        typeof name === "string" &&
        config.models?.[name]?.deployments.some(({ parameters }) => parameters?.["planted_setting"] === 1) === true
      )
    }
    expect(planted.filter((path) => !told.includes(path) && !isSent(path))).toEqual([])
  })
})
