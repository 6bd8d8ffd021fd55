// The gate whose grants follow the configuration.
import { createGate, type Gate, type Grant } from "../security/index.ts"

export interface ReplaceableGate extends Gate {
  /** Decisions from now on are by these. */
  replace(grants: readonly Grant[]): void
}

export function createReplaceableGate(grants: readonly Grant[]): ReplaceableGate {
  let gate = createGate({ grants })
  return {
    decide: (request) => gate.decide(request),
    require: (request) => gate.require(request),
    replace: (next) => {
      gate = createGate({ grants: next })
    },
  }
}
