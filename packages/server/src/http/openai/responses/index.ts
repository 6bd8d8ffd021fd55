// Public face of the Responses routes.
export { responseRoutes, type ResponseRoutesOptions } from "./routes.ts"
