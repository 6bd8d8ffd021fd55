// LiteLLM's names of providers: what type each is here, where it is, and which variables LiteLLM reads its key and address from.
import type { ProviderTypeName } from "../../config/index.ts"

export interface KnownProvider {
  type: ProviderTypeName
  /** The variables that hold its key, the preferred one first. */
  keys: readonly string[]
  /** Its address where that is not the usual one of the type. */
  address?: string
  /** The variable that LiteLLM reads its address from. */
  addressVariable?: string
  /** It speaks as OpenAI does and has a server of its own: the address is the application's. */
  ownServer?: true
  /** It speaks as Anthropic does at an address that says so. */
  mayBeAnthropic?: true
}

const compatible = (address: string, ...keys: readonly string[]): KnownProvider => ({ type: "openai-compatible", keys, address })
const own = (type: ProviderTypeName, addressVariable: string, ...keys: readonly string[]): KnownProvider => ({
  type,
  keys,
  addressVariable,
  ownServer: true,
})

/** By the word before the first slash of `litellm_params.model`, or `custom_llm_provider`. */
export const knownProviders: Readonly<Record<string, KnownProvider>> = {
  openai: { type: "openai", keys: ["OPENAI_API_KEY"] },
  azure: { type: "azure", keys: ["AZURE_API_KEY"], addressVariable: "AZURE_API_BASE" },
  anthropic: { type: "anthropic", keys: ["ANTHROPIC_API_KEY"] },
  gemini: { type: "gemini", keys: ["GEMINI_API_KEY", "GOOGLE_API_KEY"] },
  vertex_ai: { type: "vertex", keys: [] },
  vertex_ai_beta: { type: "vertex", keys: [] },
  bedrock: { type: "bedrock", keys: ["AWS_BEARER_TOKEN_BEDROCK"] },
  bedrock_converse: { type: "bedrock", keys: ["AWS_BEARER_TOKEN_BEDROCK"] },
  mistral: { type: "mistral", keys: ["MISTRAL_API_KEY"] },
  cohere: { type: "cohere", keys: ["COHERE_API_KEY", "CO_API_KEY"] },
  cohere_chat: { type: "cohere", keys: ["COHERE_API_KEY", "CO_API_KEY"] },
  groq: { type: "groq", keys: ["GROQ_API_KEY"] },
  deepseek: { type: "deepseek", keys: ["DEEPSEEK_API_KEY"] },
  xai: { type: "xai", keys: ["XAI_API_KEY"] },
  together_ai: { type: "together", keys: ["TOGETHERAI_API_KEY", "TOGETHER_API_KEY"] },
  fireworks_ai: { type: "fireworks", keys: ["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"] },
  openrouter: { type: "openrouter", keys: ["OPENROUTER_API_KEY"] },
  ollama: { type: "ollama", keys: [] },
  ollama_chat: { type: "ollama", keys: [] },
  lm_studio: { type: "lmstudio", keys: [] },
  llamafile: { type: "llamacpp", keys: [] },
  hosted_vllm: own("vllm", "HOSTED_VLLM_API_BASE"),
  huggingface: compatible("https://router.huggingface.co/v1", "HUGGINGFACE_API_KEY", "HF_TOKEN"),
  openai_like: own("openai-compatible", "OPENAI_LIKE_API_BASE", "OPENAI_LIKE_API_KEY"),
  custom_openai: own("openai-compatible", "OPENAI_API_BASE"),
  aiohttp_openai: own("openai-compatible", "OPENAI_API_BASE"),
  litellm_proxy: own("openai-compatible", "LITELLM_PROXY_API_BASE", "LITELLM_PROXY_API_KEY"),
  xinference: own("openai-compatible", "XINFERENCE_API_BASE"),
  infinity: own("openai-compatible", "INFINITY_API_BASE"),
  databricks: own("openai-compatible", "DATABRICKS_API_BASE", "DATABRICKS_API_KEY"),
  aihubmix: compatible("https://aihubmix.com/v1", "AIHUBMIX_API_KEY"),
  ai21: compatible("https://api.ai21.com/studio/v1", "AI21_API_KEY"),
  ai21_chat: compatible("https://api.ai21.com/studio/v1", "AI21_API_KEY"),
  cerebras: compatible("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
  chutes: compatible("https://llm.chutes.ai/v1", "CHUTES_API_KEY"),
  codestral: compatible("https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY"),
  dashscope: compatible("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
  deepinfra: compatible("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
  featherless_ai: compatible("https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY"),
  friendliai: compatible("https://api.friendli.ai/serverless/v1", "FRIENDLI_TOKEN"),
  github: compatible("https://models.inference.ai.azure.com", "GITHUB_API_KEY"),
  hyperbolic: compatible("https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
  jina_ai: compatible("https://api.jina.ai/v1", "JINA_AI_API_KEY"),
  lambda_ai: compatible("https://api.lambda.ai/v1", "LAMBDA_API_KEY"),
  meta_llama: compatible("https://api.llama.com/compat/v1", "LLAMA_API_KEY"),
  minimax: { ...compatible("https://api.minimax.io/v1", "MINIMAX_API_KEY"), mayBeAnthropic: true },
  moonshot: compatible("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
  "nano-gpt": compatible("https://nano-gpt.com/api/v1", "NANOGPT_API_KEY"),
  nebius: compatible("https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY"),
  novita: compatible("https://api.novita.ai/v3/openai", "NOVITA_API_KEY"),
  nscale: compatible("https://inference.api.nscale.com/v1", "NSCALE_API_KEY"),
  nvidia_nim: compatible("https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
  perplexity: compatible("https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
  poe: compatible("https://api.poe.com/v1", "POE_API_KEY"),
  sambanova: compatible("https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
  scaleway: compatible("https://api.scaleway.ai/v1", "SCW_SECRET_KEY"),
  veniceai: compatible("https://api.venice.ai/api/v1", "VENICE_AI_API_KEY"),
  vercel_ai_gateway: compatible("https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"),
  volcengine: compatible("https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY"),
  voyage: compatible("https://api.voyageai.com/v1", "VOYAGE_API_KEY"),
  zai: compatible("https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
}

/** Why those of LiteLLM's that are not above cannot be named here. */
export const otherProviders: Readonly<Record<string, string>> = {
  azure_ai: "Azure AI Foundry's own inference API is not spoken",
  azure_text: "the old completions of Azure are not spoken",
  "text-completion-openai": "OpenAI's old /completions is not spoken",
  anthropic_text: "Anthropic's old completions are not spoken",
  palm: "Google has ended PaLM",
  sagemaker: "SageMaker is not spoken",
  sagemaker_chat: "SageMaker is not spoken",
  vllm: "vLLM inside LiteLLM's process has no counterpart",
}

/** Where LiteLLM tells the provider by the model's name alone. */
const byName: readonly (readonly [RegExp, string])[] = [
  [/^(?:(?:us|eu|apac|jp|au|global)\.)?(?:anthropic|amazon|meta|mistral|cohere|ai21|deepseek|stability)\./, "bedrock"],
  [/^(?:ft:)?(?:gpt-|chatgpt-|o\d|text-embedding-|dall-e|tts-|whisper|omni-moderation|text-moderation|davinci|babbage|codex)/, "openai"],
  [/^claude-/, "anthropic"],
  [/^(?:gemini-|text-multilingual-embedding|textembedding-gecko|imagen|chat-bison|text-bison)/, "vertex_ai"],
  [/^(?:command|c4ai-|embed-|rerank-)/, "cohere"],
]

/** The provider and the model's name there. */
export function splitModel(model: string, named?: string): { provider: string; model: string } | undefined {
  const slash = model.indexOf("/")
  const first = slash < 0 ? "" : model.slice(0, slash)
  const isKnown = Object.hasOwn(knownProviders, first) || Object.hasOwn(otherProviders, first)
  if (named !== undefined) return { provider: named, model: first === named ? model.slice(slash + 1) : model }
  if (isKnown) return { provider: first, model: model.slice(slash + 1) }
  const guessed = byName.find(([pattern]) => pattern.test(model))
  if (guessed) return { provider: guessed[1], model }
  return slash < 0 ? undefined : { provider: first, model: model.slice(slash + 1) }
}
