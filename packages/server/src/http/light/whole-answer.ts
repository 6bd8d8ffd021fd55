// Sends one JSON answer that is there as a whole: led past whatever is done to answers, with its cost in the head; then the call is settled.
import type { LightCall } from "./light-call.ts"

/** `onRefusal` is told of what was refused after a wait; without one it is thrown. */
export function sendWhole(call: LightCall, body: Buffer, onRefusal: (error: unknown) => void): void {
  const cared = call.care ? call.care.whole(body) : body
  if (!(cared instanceof Promise)) return send(call, cared)
  cared.then((changed) => send(call, changed)).catch(onRefusal)
}

function send(call: LightCall, body: Buffer): void {
  const { response } = call.hot
  if (response.destroyed) return
  call.responseBytes = body.length
  const headers = call.headers()
  headers["content-type"] = "application/json"
  headers["content-length"] = String(body.length)
  const cost = call.costHeader()
  if (cost !== undefined) headers["x-perdure-cost-micro-usd"] = cost
  response.writeHead(200, headers)
  response.end(body)
  call.settle("completed", 200)
}
