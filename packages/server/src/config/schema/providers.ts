// What the configuration may say of a provider; which settings fit its type is checked when it is resolved.
import { z } from "zod"
import { providerSettings, providerTypeNames, type ProviderSetting } from "../provider-types.ts"
import { headersSchema } from "./headers.ts"
import { region } from "./models.ts"
import { secret } from "./secrets.ts"

const text = z.string().min(1).max(2_048)

export const providerSchema = z.strictObject({
  type: z.enum(providerTypeNames).optional().meta({
    description:
      "When absent: the one with this address, else the one of this name (openai at its own address only), else openai-compatible",
  }),
  baseUrl: z
    .string()
    .refine(isPlainHttpUrl, { error: "not an http(s) address without credentials, query and fragment" })
    .optional()
    .meta({ description: "an address such as https://api.example.com/v1" }),
  apiKey: secret.optional(),
  region: region
    .optional()
    .meta({ description: "Where its deployments compute, for data residency; bedrock and vertex: the one of their settings" }),
  organisation: z
    .string()
    .regex(/^[\w.:-]{1,64}$/)
    .optional()
    .meta({
      description:
        "Whose account it is: providers with the same one can read each other's sealed reasoning; told by address and key when absent",
    }),
  settings: z
    .strictObject({
      headers: headersSchema
        .optional()
        .meta({ description: "Further headers of each request; secret ones by { env: NAME } or { file: path }" }),
      options: z
        .record(z.string().min(1).max(128), z.union([secret, z.number(), z.boolean()]))
        .optional()
        .meta({ description: "ai-sdk: what the function that makes the provider is given beside apiKey, baseURL and headers" }),
      ...settingFields(),
    })
    .optional(),
})

type SettingFields = { [Name in ProviderSetting]: z.ZodOptional<typeof text | typeof secret> }

function settingFields(): SettingFields {
  const fields = Object.entries(providerSettings).map(([name, setting]) => {
    const field = "secret" in setting ? secret : text
    return [name, field.optional().meta({ description: setting.about })] as const
  })
  return Object.fromEntries(fields) as SettingFields // built from the keys of the settings
}

function isPlainHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" && url.search === "" && url.hash === ""
}
