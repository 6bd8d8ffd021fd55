// What the extractive responder says in its own words; everything else that it says is quoted.

export const ownName = "perdure/extractive"

export const introduction =
  `I am ${ownName}: I quote, I do not generate. Give me text to quote from (files, tool results, facts in the conversation) and a question, ` +
  "and I answer with the sentences that fit best, with their source. I can also call your tools when a request names what they do. " +
  "For a language model, start Perdure with OPENAI_API_KEY or ANTHROPIC_API_KEY set, or run Ollama, LM Studio or a llama.cpp server on this machine; " +
  "then ask for that model by name (GET /v1/models lists them)."

const aboutItself =
  /\b(?:who|what) (?:exactly )?are you\b|\bwhat(?:'s| is) your name\b|\b(?:what|which) (?:language )?model\b.*\b(?:you|this)\b|\bare you (?:a|an|the) ?(?:real |large )?(?:ai|bot|robot|human|person|model|llm|language model|chatgpt|gpt|claude|assistant)\b|\bintroduce yourself\b|\btell me about yourself\b|\bwhat can you do\b|\bwhich (?:ai|llm) are you\b/i

const smallTalk =
  /^(?:(?:hi|hello|hey|hallo|hola|bonjour|good (?:morning|afternoon|evening|day)|greetings|howdy|yo|thanks?|thank you|cheers|bye|goodbye|ok(?:ay)?|test(?:ing)?|ping|help)\b[\s,!.?]*(?:there|everyone|world|you|so much|a lot|again|perdure)?|how are you(?: doing)?(?: today)?|what(?:'s| is) up|say (?:hi|hello|something)(?: .{0,30})?)[\s!.?]*$/i

export function asksWhoItIs(question: string): boolean {
  return aboutItself.test(question)
}

export function isSmallTalk(request: string): boolean {
  return request.trim() === "" || smallTalk.test(request.trim())
}

export function nothingFound(sources: readonly { kind: string; name: string }[]): string {
  if (sources.length === 0) return `There is no text here that I could quote from. ${introduction}`
  const names = [...new Set(sources.filter(({ kind }) => kind !== "user").map(({ name }) => name))]
  const where =
    names.length === 0
      ? "this conversation"
      : names.length <= 3
        ? names.join(", ")
        : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
  return `I found nothing in ${where} that answers this. I am ${ownName}: I quote, I do not generate, so I say nothing that is not written there.`
}

export function askFor(tool: string, missing: readonly { name: string; description: string | null }[]): string {
  const list = missing.map(({ name, description }) => (description ? `"${name}" (${description.replace(/\.$/, "")})` : `"${name}"`))
  return `To call ${tool} I need ${list.join(" and ")}; I cannot read ${missing.length === 1 ? "it" : "them"} in your request. Please say ${missing.length === 1 ? "it" : "them"}.`
}

export function cannotFill(fields: readonly string[]): string {
  return `I cannot give the answer in the requested form: nothing that I was given says ${fields.map((field) => `"${field}"`).join(", ")}. I am ${ownName}: I quote, I do not generate.`
}
