// Makes the OpenAPI 3.1 document from the route table; a pure function.
import { z } from "zod"
import { errorCodes } from "./errors.ts"
import { apiRoutes, type ApiRoute } from "./routes.ts"
import { errorBodySchema } from "./shared.ts"

type Json = { [key: string]: unknown }

export interface OpenApiDocument extends Json {
  openapi: "3.1.1"
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  paths: { [path: string]: { [method: string]: Json } }
  components: { schemas: { [name: string]: Json }; responses: Json; securitySchemes: Json }
}

/** `version` is the server's. */
export function openApiDocument({ version }: { version: string }): OpenApiDocument {
  const schemas: OpenApiDocument["components"]["schemas"] = {}
  const paths: OpenApiDocument["paths"] = {}
  for (const route of apiRoutes) {
    const path = (paths[route.path] ??= {})
    path[route.method.toLowerCase()] = operationOf(route, schemas)
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Perdure",
      version,
      description: "OpenAI-shaped routes pass unknown fields through; Perdure's own are camelCase and refuse them.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [...new Set(apiRoutes.map(({ tag }) => tag))].map((name) => ({ name })),
    security: [{ apiKey: [] }],
    paths,
    components: {
      schemas,
      responses: {
        Failure: {
          description: `Codes: ${Object.keys(errorCodes).join(", ")}`,
          content: { "application/json": { schema: schemaOf(errorBodySchema, "output", schemas) } },
        },
      },
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "A key made by `perdure keys create`" } },
    },
  }
}

function operationOf(route: ApiRoute, schemas: OpenApiDocument["components"]["schemas"]): Json {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query, schemas)]
  const request = route.request === undefined ? undefined : schemaOf(route.request, "input", schemas)
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.tag],
    "x-dialect": route.dialect,
    ...(route.auth === "none" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(request === undefined
      ? {}
      : { requestBody: { required: !acceptsNothing(route), content: { [route.requestType ?? "application/json"]: { schema: request } } } }),
    responses: {
      [String(route.status ?? 200)]: { description: route.summary, content: answerContent(route, schemas) },
      default: { $ref: "#/components/responses/Failure" },
    },
  }
}

/** A body that may also be left out, such as the reason of a cancellation. */
function acceptsNothing({ request }: ApiRoute): boolean {
  return request?.safeParse({}).success === true
}

function answerContent(route: ApiRoute, schemas: OpenApiDocument["components"]["schemas"]): Json {
  const stream = { schema: { type: "string", description: "Server-sent events" } }
  const json = { schema: route.response === null ? {} : schemaOf(route.response, "output", schemas) }
  if (route.responseType === "text/event-stream") return { "text/event-stream": stream }
  if (route.responseType !== undefined) return { [route.responseType]: { schema: { type: "string" } } }
  return { "application/json": json, ...(route.streams === true ? { "text/event-stream": stream } : {}) }
}

/** A reference for what has an id, the schema itself for what has none. */
function schemaOf(schema: z.ZodType, io: "input" | "output", schemas: OpenApiDocument["components"]["schemas"]): Json {
  const { $schema: _dialect, $defs, ...whole } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Json // a JSON object
  for (const [name, inner] of Object.entries(($defs ?? {}) as Record<string, Json>)) schemas[name] ??= withLocalRefs(inner)
  const id = schema.meta()?.id
  if (id === undefined) return withLocalRefs(whole)
  schemas[id] ??= withLocalRefs(whole)
  return { $ref: `#/components/schemas/${id}` }
}

/** References point into the document's components, and ids are their names there. */
function withLocalRefs(value: Json): Json {
  const visit = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(visit)
    if (typeof inner !== "object" || inner === null) return inner
    const entries = Object.entries(inner).filter(([key, member]) => key !== "id" || typeof member !== "string")
    return Object.fromEntries(entries.map(([key, member]) => [key, key === "$ref" ? localRef(String(member)) : visit(member)]))
  }
  return visit(value) as Json // an object gives an object
}

function localRef(ref: string): string {
  return ref.replace("#/$defs/", "#/components/schemas/")
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }))
}

function queryParameters(query: z.ZodObject | undefined, schemas: OpenApiDocument["components"]["schemas"]): Json[] {
  if (query === undefined) return []
  const { properties = {}, required = [] } = schemaOf(query, "input", schemas) as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }))
}

/** `POST /v1/runs/{id}/cancel` → `postRunsIdCancel` */
function operationId({ method, path, dialect }: ApiRoute): string {
  // LiteLLM has some of its routes at both.
  const words = (dialect === "litellm" ? path : path.replace(/^\/v1/, "")).split(/[^A-Za-z0-9]+/).filter((word) => word !== "")
  return method.toLowerCase() + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("")
}
