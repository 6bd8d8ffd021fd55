// Public face of the Responses routes.
export { responseRoutes, type ResponseRoutesOptions } from "./routes.ts"
export { responsesSocket, type ResponsesSocketOptions } from "./socket.ts"
