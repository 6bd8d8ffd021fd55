// Sends one JSON answer that is there as a whole: led past whatever is done to answers, with its cost in the head; then the call is settled.
import type { LightCall } from "./light-call.ts"

/** Up to here head and body go out as one string in one write, which costs less than two pieces; beyond, the copy costs more. */
const oneWriteBytesMax = 12 * 1_024

/** `onRefusal` is told of what was refused after a wait; without one it is thrown. */
export function sendWhole(call: LightCall, body: Buffer, onRefusal: (error: unknown) => void): void {
  const cared = call.care ? call.care.whole(body) : body
  if (!(cared instanceof Promise)) return send(call, told(call, cared))
  cared.then((changed) => send(call, told(call, changed))).catch(onRefusal)
}

/** An answer that was kept is given again as it was. */
function told(call: LightCall, body: Buffer): Buffer {
  return call.memory && call.care?.isHit !== true ? call.memory.whole(body) : body
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
  if (body.length <= oneWriteBytesMax) response.end(body.toString("latin1"), "latin1")
  else response.end(body)
  call.settle("completed", 200)
}
