// fast-check with a fixed seed, so that a run of the tests says something about the change and not about its luck; PROPERTY_SEED=… (a number, or random) looks further.
import * as fc from "fast-check"

const given = process.env["PROPERTY_SEED"] ?? "1"
if (given !== "random") {
  const seed = Number(given)
  if (!Number.isInteger(seed)) throw new Error(`PROPERTY_SEED is "${given}"; give a whole number, or random`)
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
}

export { fc }
