// What an operator is told of a provider that cannot be reached, and what clients are not.
import { createServer } from "node:net"
import { request } from "undici"
import { describe, expect, it } from "vitest"
import { defaultLimits } from "../core/index.ts"
import { testDeployment } from "../testing/gateway.ts"
import { reachFaultOf } from "./reach-fault.ts"
import { errorOfTransport } from "./upstream-error.ts"

const failure = (code: string): Error => Object.assign(new Error("it failed"), { code })
const at = (baseUrl: string, provider = "openai") => testDeployment(baseUrl, { provider })

describe("a provider that cannot be reached", () => {
  it.each([
    ["http://127.0.0.1:11434/v1", "ollama", "ECONNREFUSED", "nothing listens at 127.0.0.1:11434 (ECONNREFUSED)", "is Ollama started?"],
    ["http://gpu-7:8000/v1", "vllm", "ECONNREFUSED", "nothing listens at gpu-7:8000", "is vLLM started?"],
    [
      "https://api.exmaple.com/v1",
      "openai",
      "ENOTFOUND",
      'no address is known for the name "api.exmaple.com"',
      "check the spelling of baseUrl",
    ],
    ["https://10.0.0.9/v1", "openai", "UND_ERR_CONNECT_TIMEOUT", "10.0.0.9:443 took no connection in time", "nc -vz 10.0.0.9 443"],
    ["https://gpu-7/v1", "openai", "DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate of gpu-7:443 is not trusted", "NODE_EXTRA_CA_CERTS"],
    ["https://gpu-7:8000/v1", "openai", "ERR_SSL_WRONG_VERSION_NUMBER", "gpu-7:8000 does not speak TLS", "http://"],
    ["http://gpu-7/v1", "openai", "ESOMETHING", "gpu-7:80 cannot be reached: it failed (ESOMETHING)", "perdure doctor"],
  ])("%s (%s, %s) is told with cause and next step", (baseUrl, provider, code, cause, next) => {
    const fault = reachFaultOf(at(baseUrl, provider), failure(code))
    expect(fault.cause).toContain(cause)
    expect(fault.next).toContain(next)
  })

  it("is told to its client by its name alone", () => {
    const error = errorOfTransport(at("http://gpu-7.internal:8000/v1"), failure("ECONNREFUSED"), defaultLimits).tellingOf("run_1")
    expect(error.message).toContain('"fake/m"')
    expect(error.hint).toContain("run_1")
    expect(`${error.message} ${error.hint}`).not.toMatch(/gpu-7|8000|internal/)
    expect(error.reachFault?.address).toBe("gpu-7.internal:8000")
  })

  it("speaks TLS to a server that does not", async () => {
    const plain = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1")
    await new Promise((resolve) => plain.once("listening", resolve))
    const address = plain.address()
    const url = `https://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/v1`
    const error: unknown = await request(url).catch((thrown: unknown) => thrown)
    plain.close()
    expect(reachFaultOf(at(url), error).cause).toContain("does not speak TLS as it should")
  })
})
