// The routes of LiteLLM's admin API, and of its health checks.
import { z } from "zod"
import * as litellm from "./litellm.ts"

export const liteLlmRoutes = [
  {
    method: "POST",
    path: "/key/generate",
    summary: "Create an API key; its secret is shown this once",
    request: litellm.liteLlmKeyGenerateSchema,
    response: litellm.liteLlmNewKeySchema,
  },
  {
    method: "GET",
    path: "/key/info",
    summary: "Read an API key",
    query: litellm.liteLlmKeyInfoQuerySchema,
    response: litellm.liteLlmKeyInfoSchema,
  },
  {
    method: "GET",
    path: "/key/list",
    summary: "List API keys, newest first",
    query: litellm.liteLlmKeyListQuerySchema,
    response: litellm.liteLlmKeyListSchema,
  },
  {
    method: "POST",
    path: "/key/update",
    summary: "Change an API key",
    request: litellm.liteLlmKeyUpdateSchema,
    response: litellm.liteLlmKeySchema,
  },
  {
    method: "POST",
    path: "/key/delete",
    summary: "Revoke API keys at once",
    request: litellm.liteLlmKeyDeleteSchema,
    response: litellm.liteLlmKeyDeletedSchema,
  },
  {
    method: "POST",
    path: "/key/{key}/regenerate",
    summary: "Give an API key a new secret",
    request: litellm.liteLlmKeyRegenerateSchema,
    response: litellm.liteLlmNewKeySchema,
  },
  {
    method: "POST",
    path: "/key/regenerate",
    summary: "The same, with the key in the body",
    request: litellm.liteLlmKeyRegenerateSchema,
    response: litellm.liteLlmNewKeySchema,
  },
  {
    method: "POST",
    path: "/key/block",
    summary: "Refuse an API key until it is unblocked",
    request: litellm.liteLlmKeyNamedSchema,
    response: litellm.liteLlmKeySchema,
  },
  {
    method: "POST",
    path: "/key/unblock",
    summary: "Take an API key again",
    request: litellm.liteLlmKeyNamedSchema,
    response: litellm.liteLlmKeySchema,
  },
  {
    method: "POST",
    path: "/user/new",
    summary: "Create an API key that acts for an end user",
    request: litellm.liteLlmUserNewSchema,
    response: litellm.userSchema,
  },
  {
    method: "GET",
    path: "/user/info",
    summary: "Read an end user's keys and spend",
    query: litellm.liteLlmUserInfoQuerySchema,
    response: litellm.userInfoSchema,
  },
  {
    method: "POST",
    path: "/team/new",
    summary: "Name a team: the tag of its keys",
    request: litellm.liteLlmTeamNewSchema,
    response: litellm.teamSchema,
  },
  {
    method: "GET",
    path: "/team/info",
    summary: "Read a team's keys and spend",
    query: litellm.liteLlmTeamInfoQuerySchema,
    response: litellm.teamInfoSchema,
  },
  {
    method: "GET",
    path: "/model/info",
    summary: "List where models are served, with prices and limits",
    query: litellm.liteLlmModelInfoQuerySchema,
    response: litellm.liteLlmModelsSchema,
  },
  {
    method: "GET",
    path: "/v1/model/info",
    summary: "The same",
    query: litellm.liteLlmModelInfoQuerySchema,
    response: litellm.liteLlmModelsSchema,
  },
  {
    method: "GET",
    path: "/spend/logs",
    summary: "Read what calls cost: each of them, or each day",
    query: litellm.liteLlmSpendLogsQuerySchema,
    response: litellm.spendRowsSchema,
  },
  {
    method: "GET",
    path: "/spend/tags",
    summary: "Read what the calls of each tag cost",
    query: litellm.liteLlmSpendRangeQuerySchema,
    response: litellm.tagSpendSchema,
  },
  {
    method: "GET",
    path: "/global/spend/report",
    summary: "Read what teams, customers or keys spent",
    query: litellm.liteLlmSpendReportQuerySchema,
    response: litellm.spendRowsSchema,
  },
] as const

export const liteLlmHealthRoutes = [
  { method: "GET", path: "/health/liveliness", summary: "The process runs, at LiteLLM's path", response: z.string() },
  { method: "GET", path: "/health/liveness", summary: "The same", response: z.string() },
  {
    method: "GET",
    path: "/health/readiness",
    summary: "The process can serve, in LiteLLM's words",
    response: litellm.liteLlmReadinessSchema,
  },
] as const
