// Public face of HTTP: the server, the API around the routes, and what route files use.
export { createApi, type ApiOptions, type ShellLogger } from "./api.ts"
export { createHttpServer, type HttpMetrics, type HttpServer, type HttpServerOptions } from "./server.ts"
export { healthRoutes, type HealthOptions } from "./health.ts"
export { openApiRoutes } from "./openapi.ts"
export { modelRoutes } from "./openai/models.ts"
export type { HttpEnv } from "./env.ts"
export type { HotCall, HotHandler } from "./shell.ts"
