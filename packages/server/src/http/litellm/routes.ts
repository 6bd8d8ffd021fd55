// All routes of LiteLLM's admin API.
import type { Hono } from "hono"
import type { HttpEnv } from "../env.ts"
import type { HealthOptions } from "../health.ts"
import type { DeploymentsOptions } from "../perdure/deployments.ts"
import { liteLlmCustomerRoutes, type LiteLlmCustomerOptions } from "./customers.ts"
import { liteLlmHealthRoutes } from "./health.ts"
import { liteLlmKeyRoutes, type LiteLlmKeyOptions } from "./keys.ts"
import { liteLlmModelRoutes } from "./models.ts"
import { liteLlmPeopleRoutes } from "./people.ts"
import { liteLlmSpendRoutes, type LiteLlmSpendOptions } from "./spend.ts"

export type LiteLlmOptions = LiteLlmKeyOptions &
  LiteLlmSpendOptions &
  LiteLlmCustomerOptions &
  DeploymentsOptions &
  Pick<HealthOptions, "ready">

export function liteLlmRoutes(options: LiteLlmOptions): Hono<HttpEnv>[] {
  return [
    liteLlmKeyRoutes(options),
    liteLlmPeopleRoutes(options),
    liteLlmCustomerRoutes(options),
    liteLlmModelRoutes(options),
    liteLlmSpendRoutes(options),
    liteLlmHealthRoutes(options),
  ]
}
