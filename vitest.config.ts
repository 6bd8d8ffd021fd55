// Test projects: `unit` beside the sources (the inner loop), `e2e` and `chaos` on the whole system.
import { defineConfig } from "vitest/config"
import { nodeFlags } from "./packages/server/src/testing/node-flags.ts"

const shared = {
  // For a machine that does ten other things: a test that hangs is found all the same.
  testTimeout: 180_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
  pool: "forks" as const,
  execArgv: nodeFlags,
  globalSetup: ["packages/server/src/testing/global-setup.ts"],
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["packages/*/src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "e2e",
          include: ["test/{e2e,compat,security}/**/*.test.ts"],
          testTimeout: 300_000,
          globalSetup: [...shared.globalSetup, "test/support/built-dashboard.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "chaos",
          include: ["test/chaos/**/*.test.ts"],
          testTimeout: 1_800_000,
        },
      },
    ],
  },
})
