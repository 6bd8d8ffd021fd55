// The configuration of the servers whose providers misbehave: each kind of upstream per fault, alone and with a second deployment.

/** Where each kind of upstream is asked. */
const upstreamOf = {
  gpt: { provider: "up", rest: "model: m" },
  claude: { provider: "claude", rest: "model: claude-sonnet-4-5" },
  responses: { provider: "up", rest: "model: m, dialect: responses" },
  gemini: { provider: "gemini", rest: "model: gemini-2.5-flash" },
  bedrock: { provider: "aws", rest: "model: amazon.nova-pro-v1:0" },
  cohere: { provider: "cohere", rest: "model: command-a-03-2025" },
} as const
export type Upstream = keyof typeof upstreamOf
export const upstreams: readonly Upstream[] = ["gpt", "claude", "responses", "gemini", "bedrock", "cohere"]

/** Whose second deployment stands by. */
export const variants = ["", "-goeson", "-anew"] as const

/** Where a fault is shown. */
interface Place {
  url: string
  timeouts: string
}

/** Each fault has providers and models of its own, so that all can be asked beside each other. */
export function faultsConfig(places: readonly Place[], spareUrl: string, limits: string): string {
  const breaker =
    "breakerOpenMs: 1, breakerOpenMsMax: 1, coolDownMs: 1, coolDownMsMax: 1, breakerFailuresMax: 1000, breakerRequestsMin: 1000"
  return `discovery: false
limits: { ${limits}connectTimeoutMs: 60000, retryBudgetBurst: 1000, ${breaker} }
providers:
  goeson: { type: vllm, baseUrl: "${spareUrl}", apiKey: "spare-key" }
  anew: { baseUrl: "${spareUrl}", apiKey: "spare-key" }
${places.map(providerLines).join("\n")}
models:
${places.flatMap((place, number) => upstreams.flatMap((name) => modelLines(place, number, name))).join("\n")}
`
}

function providerLines({ url }: Place, number: number): string {
  const origin = url.replace(/\/v1$/, "")
  return `  f${number}-up: { baseUrl: "${url}", apiKey: "up-key" }
  f${number}-claude: { type: anthropic, baseUrl: "${origin}", apiKey: "claude-key" }
  f${number}-gemini: { type: gemini, baseUrl: "${origin}/v1beta", apiKey: "gemini-key" }
  f${number}-aws: { type: bedrock, baseUrl: "${origin}", settings: { region: eu-central-1 }, apiKey: "aws-key" }
  f${number}-cohere: { type: cohere, baseUrl: "${origin}", apiKey: "cohere-key" }`
}

/** A model alone, and with each of the deployments that may take its answers over. */
function modelLines({ timeouts }: Place, number: number, name: Upstream): string[] {
  const { provider, rest } = upstreamOf[name]
  // A pool that learned how little it bears would go elsewhere without asking it.
  const first = `{ provider: f${number}-${provider}, ${rest}, limits: { concurrent: 1000 }, timeouts: { ${timeouts} } }`
  return variants.map((variant) => {
    const deployments = variant === "" ? first : `${first}, { provider: ${variant.slice(1)}, model: m, priority: 1, probe: false }`
    return `  f${number}-${name}${variant}: { deployments: [${deployments}] }`
  })
}
