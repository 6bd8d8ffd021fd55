// Tools that change something are only called when the request names that change; the noun alone ("where is my order?") is not enough.
import { splitName, stem, wordsIn } from "./words.ts"

/** First words of tool names that change something, with other words that people use for it. */
const actions: Readonly<Record<string, readonly string[]>> = {
  send: ["email", "mail", "message", "write", "notify", "text", "forward"],
  email: ["send", "mail", "write"],
  write: ["save", "create", "put", "draft"],
  post: ["publish", "share", "send", "write"],
  publish: ["post", "release"],
  create: ["add", "make", "new", "schedule", "book", "open", "put", "start", "plan", "generate"],
  add: ["create", "put", "insert", "append", "include", "new"],
  insert: ["add", "put"],
  make: ["create", "do"],
  schedule: ["plan", "book", "arrange", "create", "set"],
  set: ["change", "put", "adjust", "turn"],
  save: ["store", "keep", "remember", "write"],
  store: ["save", "keep", "remember"],
  remember: ["save", "note", "memorise", "memorize", "keep"],
  update: ["change", "edit", "modify", "set", "correct", "rename"],
  change: ["update", "edit", "modify", "set"],
  edit: ["change", "update", "modify"],
  delete: ["remove", "erase", "drop", "clear", "forget"],
  remove: ["delete", "erase", "drop", "clear"],
  forget: ["delete", "remove", "erase"],
  cancel: ["stop", "abort", "undo", "void"],
  refund: ["reimburse", "money back", "pay back", "return"],
  return: ["refund", "send back"],
  order: ["buy", "purchase", "get"],
  buy: ["order", "purchase"],
  purchase: ["buy", "order"],
  book: ["reserve", "order"],
  reserve: ["book"],
  pay: ["settle", "transfer", "send"],
  transfer: ["send", "move", "pay", "wire"],
  charge: ["bill", "debit"],
  turn: ["switch", "put"],
  switch: ["turn", "change"],
  start: ["launch", "begin", "run", "boot"],
  stop: ["halt", "end", "kill", "shut"],
  restart: ["reboot"],
  deploy: ["release", "roll out", "ship"],
  run: ["execute", "start", "do"],
  execute: ["run"],
  close: ["resolve", "shut", "end"],
  open: ["create", "start"],
  approve: ["accept", "confirm"],
  reject: ["deny", "decline", "refuse"],
  assign: ["give", "hand"],
  invite: ["ask", "add"],
  upload: ["put", "send"],
  move: ["transfer", "put"],
  grant: ["give", "allow"],
  revoke: ["withdraw", "remove"],
}

/** True for tools that only read. */
export function actionIsSaid(toolName: string, clause: string): boolean {
  const name = splitName(toolName).split(" ")
  const action = name.find((word) => Object.hasOwn(actions, word))
  // `get_order` reads orders; only a leading word acts, perhaps after a server's prefix.
  if (action === undefined || name.indexOf(action) > 1 || reads.has(name[0] ?? "")) return true
  const text = ` ${clause.toLowerCase()} `
  const stems = new Set(wordsIn(clause).map(({ word }) => stem(word)))
  if (stems.has(stem(action))) return !asksAbout(clause) || !isNounHere(action, clause)
  if ((actions[action] ?? []).some((word) => (word.includes(" ") ? text.includes(` ${word} `) : stems.has(stem(word))))) return true
  const opening = wordsIn(clause.replace(/^\s*(?:please|can you|could you|would you|i want to|i'd like to|i need to)\s+/i, ""))[0]?.word
  return opening !== undefined && name.some((word) => stem(word) === stem(opening))
}

const reads = new Set([
  "get",
  "list",
  "find",
  "search",
  "look",
  "lookup",
  "read",
  "fetch",
  "show",
  "check",
  "query",
  "view",
  "describe",
  "count",
])

/** A question about a thing is no wish to act on it: "what is the refund policy?", "explain the order". */
function asksAbout(clause: string): boolean {
  return /^\s*(?:what|where|when|why|who|which|how|explain|describe|tell me about|is there|are there|does|do|did|has|have|was|were)\b/i.test(
    clause,
  )
}

/** "refund policy", "the order", "my order", not "refund it". */
function isNounHere(action: string, clause: string): boolean {
  return !new RegExp(String.raw`\b(?:to|please|and|you)\s+${action}\b`, "i").test(clause)
}
