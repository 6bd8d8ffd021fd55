// What English sentences say by their form alone: about the speaker ("I live in …", "my … is …"), and about others ("Anna's birthday is …").
import { canonicalPredicate, isAttribute, isSecret } from "./predicates.ts"
import type { FactKind } from "./types.ts"

/** What one pattern found: the parts of a fact, without its message. */
export interface Reading {
  kind?: FactKind
  op?: "retract"
  /** Of others; the speaker when absent. */
  subject?: string
  predicate: string
  object: string
  isSingle: boolean
  /** What stands after the subject: "lives in Paris". */
  says: string
  confidence?: number
}

export interface Pattern {
  pattern: RegExp
  read: (groups: Readonly<Record<string, string>>) => Reading | undefined
}

/** Where a clause begins: "I" in the middle of another one may be somebody else's or only imagined. */
const clause = String.raw`(?<=^|[,;:–—!.]\s*|\b(?:and|but|so|because|also|actually|that|now|then|well|yes|fyi|btw|remember|note)\s+)`
const rest = String.raw`(?<object>[^.,;!?\n]{1,80})`
const am = String.raw`(?:am|['’]m)`

function said(body: string, read: Pattern["read"]): Pattern {
  return { pattern: new RegExp(`${clause}${body}`, "giu"), read }
}

const likes = ["like", "love", "enjoy", "adore"]
const professions = String.raw`(?:engineer|developer|programmer|designer|teacher|professor|doctor|nurse|surgeon|dentist|lawyer|attorney|accountant|architect|writer|journalist|editor|manager|director|consultant|analyst|student|chef|cook|baker|driver|pilot|farmer|plumber|electrician|carpenter|mechanic|musician|singer|actor|actress|photographer|painter|researcher|librarian|\w+ologist|\w+ician|pharmacist|therapist|nurse|paramedic|firefighter|police officer)`

export const englishPatterns: readonly Pattern[] = [
  said(
    String.raw`(?:my name is|I ${am} called|call me|I go by)\s+(?<object>\p{Lu}[\p{L}'’-]*(?:\s\p{Lu}[\p{L}'’-]*){0,3})`.replace(
      "I ${am}",
      `I\\s?${am}`,
    ),
    ({ object = "" }) => (/^\p{Lu}/u.test(object) ? { predicate: "name", object, isSingle: true, says: `is called ${object}` } : undefined),
  ),
  said(`I(?:['’]ve| have)? (?:just |recently )?(?:moved|relocated) (?:from [^.,;!?\\n]{1,40}? )?to ${rest}`, ({ object = "" }) =>
    home(object),
  ),
  said(`I (?:currently |now |still )?live in ${rest}`, ({ object = "" }) => home(object)),
  said(`I\\s?${am} (?:currently |now )?living in ${rest}`, ({ object = "" }) => home(object)),
  said(`I (?:no longer|do(?:n['’]t| not)) live in ${rest}`, ({ object = "" }) => ({ ...home(object), op: "retract" })),
  said(`I\\s?${am} (?:originally )?from ${rest}`, ({ object = "" }) =>
    /^\p{Lu}/u.test(object) ? { predicate: "origin", object, isSingle: true, says: `is from ${object}` } : undefined,
  ),
  said(`I was born (?:in|on) ${rest}`, ({ object = "" }) =>
    /\d/.test(object)
      ? { predicate: "birthday", object, isSingle: true, says: `was born on ${object}` }
      : { predicate: "birthplace", object, isSingle: true, says: `was born in ${object}` },
  ),
  said(`I (?:now |currently )?work (?:at|for) ${rest}`, ({ object = "" }) => employer(object)),
  said(`I(?:['’]ve| have)? (?:just |recently )?(?:joined|started (?:working )?at) ${rest}`, ({ object = "" }) =>
    /^(?:the )?\p{Lu}/u.test(object) ? employer(object) : undefined,
  ),
  said(`I (?:no longer|do(?:n['’]t| not)) work (?:at|for) ${rest}`, ({ object = "" }) => ({ ...employer(object), op: "retract" })),
  said(`I (?:quit|left|resigned from) (?:my job at )${rest}`, ({ object = "" }) => ({ ...employer(object), op: "retract" })),
  said(`I (?:now |currently )?work as (?:an? )?${rest}`, ({ object = "" }) => job(object)),
  said(`I\\s?${am} (?:now )?an? (?<object>(?:[\\p{L}-]+ ){0,2}${professions})\\b`, ({ object = "" }) => job(object)),
  said(`I\\s?${am} (?:now )?(?<object>\\d{1,3}) years old`, ({ object = "" }) => ({
    predicate: "age",
    object,
    isSingle: true,
    says: `is ${object} years old`,
  })),
  said(`I\\s?${am} (?:now )?(?:an? )?(?<object>vegetarian|vegan|pescatarian|kosher|halal)\\b`, ({ object = "" }) => ({
    kind: "preference",
    predicate: "diet",
    object,
    isSingle: true,
    says: `is ${object}`,
  })),
  said(`I\\s?${am} (?:severely |very )?allergic to ${rest}`, ({ object = "" }) => ({
    predicate: "allergy",
    object,
    isSingle: false,
    says: `is allergic to ${object}`,
  })),
  said(String.raw`I (?:can )?speak (?<object>\p{Lu}[\p{L}]+)`, ({ object = "" }) => ({
    predicate: "language",
    object,
    isSingle: false,
    says: `speaks ${object}`,
  })),
  said(
    String.raw`I(?:['’]ve got| have)? (?:an? )(?<what>[\p{L}-]+(?: [\p{L}-]+)?) (?:named|called) (?<object>\p{Lu}[\p{L}'’-]*)`,
    ({ what = "", object = "" }) => owned(what, object),
  ),
  said(
    String.raw`my (?<what>[\p{L}-]+(?: [\p{L}-]+)?)(?:['’]s name is| is (?:called|named)) (?<object>\p{Lu}[\p{L}'’-]*(?:\s\p{Lu}[\p{L}'’-]*){0,2})`,
    ({ what = "", object = "" }) => owned(what, object),
  ),
  said(
    `I (?:really |absolutely |also |now |quite |just )?(?<verb>like|love|enjoy|adore|prefer|hate|dislike|detest|loathe) ${rest}`,
    ({ verb = "", object = "" }) => {
      const [, one, other] = /^(.+?) (?:to|over|rather than) (.+)$/u.exec(object) ?? []
      if (verb.toLowerCase() === "prefer" && one !== undefined && other !== undefined) return preferred(one, other)
      return opinion([...likes, "prefer"].includes(verb.toLowerCase()), object)
    },
  ),
  said(`I\\s?${am} (?:a (?:big |huge )?fan of|fond of|really into|into) ${rest}`, ({ object = "" }) => opinion(true, object)),
  said(
    `I (?:do(?:n['’]t| not) (?:really |much )?(?:like|enjoy|love)|can(?:['’]t|not) stand|no longer (?:like|enjoy|love)) ${rest}`,
    ({ object = "" }) => opinion(false, object),
  ),
  said(
    String.raw`my (?<what>(?:favou?rite )?[\p{L}-]+(?: [\p{L}-]+){0,2}?) (?:is(?: now)?|['’]s(?: now)?|has changed to|changed to) ${rest}`,
    ({ what = "", object = "" }) => attribute(undefined, what, object),
  ),
  said(
    String.raw`(?<subject>\p{Lu}[\p{L}-]+)['’]s (?<what>(?:favou?rite )?[\p{L}-]+(?: [\p{L}-]+)?) is (?:now )?${rest}`,
    ({ subject = "", what = "", object = "" }) =>
      /^(?:It|That|There|What|Here|Who|Let|He|She|This)$/u.test(subject) ? undefined : attribute(subject, what, object),
  ),
  said(
    String.raw`the (?<what>[\p{L}-]+(?: [\p{L}-]+)?) (?:of|for) (?:the )?(?<subject>\p{Lu}[\p{L}\p{N}-]*(?: [\p{Lu}\p{N}][\p{L}\p{N}-]*){0,2}) (?:is(?: now)?|was moved to|has been moved to|moved to|has changed to|was changed to) ${rest}`,
    ({ subject = "", what = "", object = "" }) => attribute(subject, what, object),
  ),
]

function home(object: string): Reading {
  return { predicate: "home", object, isSingle: true, says: `lives in ${object}` }
}

function employer(object: string): Reading {
  return { predicate: "employer", object, isSingle: true, says: `works at ${object}` }
}

function job(object: string): Reading {
  return { predicate: "job", object, isSingle: true, says: `works as ${/^[aeiou]/iu.test(object) ? "an" : "a"} ${object}` }
}

function owned(what: string, object: string): Reading | undefined {
  const predicate = canonicalPredicate(what)
  if (isSecret(predicate)) return undefined
  return { predicate, object, isSingle: !isShared.has(predicate), says: `has a ${what.toLowerCase()} called ${object}` }
}

/** Of these one has several. */
const isShared = new Set(["son", "daughter", "child", "brother", "sister", "friend", "cat", "dog", "pet", "cousin", "colleague"])

function opinion(isLiked: boolean, object: string): Reading | undefined {
  if (
    /^(?:it|this|that|these|those|them|you|your|him|her|what|how|when|where|to know|to see|the idea|the way|if|being able|seeing|my own)\b/iu.test(
      object,
    )
  )
    return undefined
  const value = isLiked ? "likes" : "dislikes"
  return { kind: "preference", predicate: `opinion of ${object}`, object: value, isSingle: true, says: `${value} ${object}` }
}

function preferred(one: string, other: string): Reading {
  const pair = [one, other].map((each) => each.toLowerCase().trim()).sort()
  return {
    kind: "preference",
    predicate: `choice between ${pair.join(" and ")}`,
    object: one,
    isSingle: true,
    says: `prefers ${one} to ${other}`,
  }
}

function attribute(subject: string | undefined, what: string, object: string): Reading | undefined {
  const predicate = canonicalPredicate(what)
  if (
    isSecret(predicate) ||
    /^(?:called|named|not|still|that|to|about|how|what|why|when|very|really|so|too|going|getting|being|been|just|always|never|a bit|no|only|also)\b/iu.test(
      object,
    )
  )
    return undefined
  // What is no usual attribute is taken only where a name, a number or a date stands for it.
  if (!isAttribute(predicate) && !/^(?:an? |the )?[\p{Lu}\p{N}]/u.test(object)) return undefined
  const reading: Reading = {
    ...(predicate.startsWith("favourite ") ? { kind: "preference" as const } : {}),
    ...(subject === undefined ? {} : { subject }),
    predicate,
    object,
    isSingle: true,
    says: `has the ${predicate} ${object}`,
  }
  return reading
}
