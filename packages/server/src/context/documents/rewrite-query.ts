// A question as it is searched for: without the politeness and the phrases around what it asks. By rules, so that no model is waited for.

/** What people put before and after what they want to know, in the languages that ask most; longest first. */
const openings = [
  "hi|hello|hey|hallo|bonjour|hola",
  "please|bitte|s'il vous plaît|por favor",
  "(?:can|could|would|will) you (?:please )?(?:tell|show|explain to|give) me(?: about)?",
  "(?:can|could|would|will) you (?:please )?(?:explain|describe|find|summari[sz]e|look up)",
  "i(?:'d| would) like to know(?: about)?",
  "i (?:want|need) to know(?: about)?",
  "(?:tell|show) me(?: about)?",
  "do you know",
  "i(?:'m| am) (?:wondering|looking for)",
  "was wondering",
  "(?:kannst|können) (?:du|sie) mir (?:bitte )?(?:sagen|erklären|zeigen)",
  "(?:peux|pouvez)[- ](?:tu|vous) me (?:dire|montrer)",
  "(?:puedes|podría(?:s)?) decirme",
]
const closings = ["please", "bitte", "thanks(?: a lot)?", "thank you(?: very much)?", "danke", "merci", "gracias"]
const opening = new RegExp(`^(?:${openings.join("|")})(?=[\\s,.:!]|$)[\\s,.:!]*`, "iu")
const closing = new RegExp(`[\\s,.!?]*(?<=[\\s,.!?])(?:${closings.join("|")})[\\s.!?]*$`, "iu")

/** Never empty: a query of nothing but phrases stays as it is. */
export function rewriteQuery(query: string): string {
  let rest = query.trim()
  for (let before = ""; before !== rest;) {
    before = rest
    rest = rest.replace(opening, "").replace(closing, "")
  }
  const clean = rest.replace(/[\s?!.]+$/u, "").trim()
  return clean === "" ? query.trim() : clean
}
