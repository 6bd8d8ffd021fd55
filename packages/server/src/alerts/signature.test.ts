// Signatures are those of standardwebhooks.com, so that its libraries verify them.
import { expect, it } from "vitest"
import { signatureOf } from "./signature.ts"

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const signed = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: '{"test": 2432232314}' }

it("a body is signed as the specification's example is", () => {
  expect(signatureOf(signed, secret)).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
})

it("another id, time or body has another signature", () => {
  const others = [
    { ...signed, id: "msg_2" },
    { ...signed, timestamp: signed.timestamp + 1 },
    { ...signed, body: "{}" },
  ]
  const signatures = [signed, ...others].map((each) => signatureOf(each, secret))
  expect(new Set(signatures).size).toBe(4)
})
