// Routes of keys, and of what they may use and have used.
import { alertListSchema } from "./alerts.ts"
import * as keys from "./keys.ts"
import { limitListSchema } from "./limits.ts"

export const keyRoutes = [
  {
    method: "GET",
    path: "/v1/keys",
    summary: "List API keys, newest first",
    query: keys.apiKeyListQuerySchema,
    response: keys.apiKeyListSchema,
  },
  {
    method: "POST",
    path: "/v1/keys",
    summary: "Create an API key; its secret is shown this once",
    request: keys.apiKeyCreateRequestSchema,
    response: keys.apiKeyCreatedSchema,
    status: 201,
  },
  { method: "GET", path: "/v1/keys/{id}", summary: "Read an API key; `me` is the one that asks", response: keys.apiKeySchema },
  {
    method: "PATCH",
    path: "/v1/keys/{id}",
    summary: "Change an API key's name, scope, limits, tags, user, metadata or expiry",
    request: keys.apiKeyUpdateRequestSchema,
    response: keys.apiKeySchema,
  },
  {
    method: "POST",
    path: "/v1/keys/{id}/rotate",
    summary: "Give an API key a new secret; the old one works on for a while",
    request: keys.apiKeyRotateRequestSchema,
    response: keys.apiKeyCreatedSchema,
  },
  { method: "DELETE", path: "/v1/keys/{id}", summary: "Revoke an API key at once", response: keys.apiKeyRevokedSchema },
  {
    method: "GET",
    path: "/v1/limits",
    summary: "Read how much is left of the budgets and limits that bind this key",
    response: limitListSchema,
  },
  {
    method: "GET",
    path: "/v1/alerts",
    summary: "List what webhooks were told of this project, newest first; of deployments for sessions of the dashboard",
    response: alertListSchema,
  },
  {
    method: "GET",
    path: "/v1/usage",
    summary: "Read what was used and what it cost",
    query: keys.usageQuerySchema,
    response: keys.usageSchema,
  },
] as const
