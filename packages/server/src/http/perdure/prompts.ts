// The routes of prompts: versions are made and never changed, labels point to them; each change asks the gate and leaves a record.
import {
  promptCreateRequestSchema,
  promptDeleteQuerySchema,
  promptLabelRequestSchema,
  type Prompt,
  type PromptSummary,
  type PromptVersion,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import type { HeldPrompt, HeldVersion, Prompts } from "../../inference/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody, readQuery } from "../request-body.ts"
import { answer } from "./answer.ts"
import { changing, type Change, type ChangingOptions } from "./changing.ts"

export interface PromptRoutesOptions extends ChangingOptions {
  prompts: Prompts
}

type At = Context<HttpEnv>

export function createPromptRoutes(options: PromptRoutesOptions): Hono<HttpEnv> {
  const { prompts } = options
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/prompts", (context) => answer({ prompts: prompts.list(projectOf(context)).map(summaryOf) }))
  routes.post("/v1/prompts", async (context) => {
    const request = await readBody(context, promptCreateRequestSchema)
    const { name } = request
    return changing(options, context, change("create", name), async () => {
      const made = await prompts.create(projectOf(context), context.get("principal").id, request)
      const wire = wireVersion(prompts.get(projectOf(context), name), made)
      return { answer: answer(wire, 201), data: { prompt: name, version: made.version, labels: wire.labels } }
    })
  })
  routes.get("/v1/prompts/:name", (context) => answer(wirePrompt(prompts.get(projectOf(context), nameOf(context)))))
  routes.get("/v1/prompts/:name/versions/:version", (context) => {
    const version = prompts.version(projectOf(context), nameOf(context), context.req.param("version"), "version")
    return answer(wireVersion(prompts.get(projectOf(context), nameOf(context)), version))
  })
  routes.post("/v1/prompts/:name/labels", async (context) => {
    const { label, version } = await readBody(context, promptLabelRequestSchema)
    const name = nameOf(context)
    return changing(options, context, change("label", name), async () => {
      const before = prompts.get(projectOf(context), name).labels.get(label) ?? null
      const held = await prompts.setLabel(projectOf(context), name, label, version)
      return { answer: answer(wirePrompt(held)), data: { prompt: name, label, from: before, to: version } }
    })
  })
  routes.delete("/v1/prompts/:name", async (context) => {
    const { version } = readQuery(context, promptDeleteQuerySchema)
    const name = nameOf(context)
    return changing(options, context, change("delete", name), async () => {
      await prompts.remove(projectOf(context), name, version)
      return { answer: answer({ name, version: version ?? null, deleted: true }), data: { prompt: name, version: version ?? null } }
    })
  })
  return routes
}

function change(what: string, target: string): Change {
  return { kind: "prompt", name: `prompt.${what}`, action: "prompts.manage", target }
}

function wireLabels({ labels, latest }: HeldPrompt): Record<string, number> {
  return { ...Object.fromEntries(labels), latest }
}

function summaryOf(prompt: HeldPrompt): PromptSummary {
  const { name, latest, origin, versions } = prompt
  return { name, latest, labels: wireLabels(prompt), origin, versions: versions.size }
}

function wirePrompt(prompt: HeldPrompt): Prompt {
  const versions = [...prompt.versions.values()].toSorted((a, b) => b.version - a.version)
  return { ...summaryOf(prompt), versions: versions.map((each) => wireVersion(prompt, each)) }
}

function wireVersion(prompt: HeldPrompt, held: HeldVersion): PromptVersion {
  const { name, version, messages, parameters, variables, origin, createdBy, createdAt } = held
  const labels = Object.entries(wireLabels(prompt)).filter(([, at]) => at === version)
  return {
    name,
    version,
    labels: labels.map(([label]) => label),
    messages,
    parameters,
    variables: [...variables],
    origin,
    createdBy,
    createdAt,
  }
}

function projectOf(context: At): string {
  return context.get("principal").projectId
}

function nameOf(context: At): string {
  return context.req.param("name") ?? ""
}
