// Extraction without a model: what the form of a user's sentence says for certain, with its quote and the times that it names.
import { analyze } from "../../retrieval/analyze.ts"
import { namedTimes, timeLabel, type NamedTime } from "./dates.ts"
import { otherPatterns } from "./patterns-other.ts"
import { englishPatterns, type Pattern, type Reading } from "./patterns.ts"
import { canonicalPredicate } from "./predicates.ts"
import { sentencesOf, type Sentence } from "./sentences.ts"
import { normalName, slotOf, type ExtractedFact, type Message } from "./types.ts"

/** Imagined, asked, reported: whatever its form, the sentence does not say that it is so. */
const unsaid =
  /\?["'”’)]*$|\b(?:if|unless|imagine|suppose|pretend|wish|would|could|might|should|hypothetically|for example)\b|\b(?:said|says|told|asked|thinks|claims|wrote|wrote:)\b|\b(?:wenn|falls|würde|si|supongamos)\b/iu
/** Where the object of a clause ends although the sentence goes on. */
const objectEnd =
  /\s+(?:and|but|because|since|so|which|who|when|while|where|until|from|if|though|although|und|aber|weil|et|mais|y|pero|parce)\s+.*$/isu
const filler =
  /\s+(?:now|currently|these days|any ?more|too|as well|a lot|very much|though|instead|again|right now|at the moment|jetzt|mehr|auch|maintenant|ahora|mucho)$/iu
/** What leads to a time: "back in", "at the end of", "seit Anfang". */
const beforeTime =
  /(?:\s+(?:on|in|since|from|until|till|by|at|starting|around|about|of|the|back|some ?time|early|late|mid|(?:beginning|start|middle|end)(?= of)|am|im|seit|bis|ab|zum|dem|anfang|mitte|ende|en|depuis|le|vers|début|fin|desde|hasta|el|sobre))+\s*$/iu
/** It names no days, since these are others in the south of the world. */
const season =
  /\s+(?:(?:back )?(?:in|since|until|during) (?:the )?(?:early |late )?|(?:last|this|next) )(?:spring|summer|autumn|fall|winter)(?: of)?(?: \d{4})?$|\s+(?:im|seit|letzte[nm]|seit letztem|diese[nm]|nächste[nm]) (?:frühling|frühjahr|sommer|herbst|winter)(?: \d{4})?$|\s+(?:(?:au|en|depuis le|depuis l['’]) ?(?:printemps|été|automne|hiver)|l['’](?:été|automne|hiver) dernier|le printemps dernier)(?: \d{4})?$|\s+(?:(?:en|desde) (?:la |el )?(?:primavera|verano|otoño|invierno)|(?:la primavera|el verano|el otoño|el invierno) pasad[oa])(?: del? \d{4})?$/iu
/** A change of it lets messages be looked at again. */
export const rulesVersion = "rules-1"
const confidenceOfRules = 0.9
const confidenceOfEvents = 0.6
const objectCharsMax = 80

/** Only a person's own turns speak of themselves: an assistant's "I" is nobody. */
export function factsByRules(message: Message): ExtractedFact[] {
  if (message.lane !== "user") return []
  const found = sentencesOf(message.text)
    .filter(({ text }) => !unsaid.test(text))
    .flatMap((sentence) => factsOfSentence(message, sentence))
  // One sentence can have two forms of the same thing.
  const seen = new Set<string>()
  return found.filter((fact) => {
    const key = slotOf(fact)
    return !seen.has(key) && seen.add(key)
  })
}

function factsOfSentence(message: Message, sentence: Sentence): ExtractedFact[] {
  const times = namedTimes(sentence.text, message.saidAt)
  const facts = [...englishPatterns, ...otherPatterns].flatMap((pattern) =>
    readingsOf(pattern, sentence.text).map((reading) => factOf(message, sentence, reading, times)),
  )
  if (facts.length > 0) return facts
  const event = eventOf(message, sentence, times)
  return event === undefined ? [] : [event]
}

function readingsOf({ pattern, read }: Pattern, text: string): Reading[] {
  return [...text.matchAll(pattern)].flatMap(({ groups = {} }) => {
    const object = trimmedObject(groups["object"] ?? "")
    if (object === "") return []
    return read({ ...groups, object }) ?? []
  })
}

/** Without what follows the object: other clauses, times, filling words. */
function trimmedObject(raw: string): string {
  let object = raw.replace(objectEnd, "").trim()
  for (let before = ""; before !== object;) {
    before = object
    object = withoutLastTime(object)
      .replace(season, "")
      .replace(filler, "")
      .replace(/["'”’)\]:–-]+$/u, "")
      .trim()
  }
  return object.length > objectCharsMax ? "" : object
}

/** A time that is not the whole object stands at its end: "moved to Rome last week". */
function withoutLastTime(object: string): string {
  const last = namedTimes(object, 0).at(-1)
  if (last === undefined || last.start === 0 || last.start + last.text.length < object.length) return object
  return object.slice(0, last.start).replace(beforeTime, "")
}

function factOf(message: Message, sentence: Sentence, reading: Reading, times: readonly NamedTime[]): ExtractedFact {
  const { kind = "fact", op = "assert", predicate, object, isSingle, says, confidence = confidenceOfRules } = reading
  const who = reading.subject ?? message.speaker
  return {
    op,
    kind,
    object,
    isSingle,
    confidence,
    subject: who === null || who === undefined ? "user" : normalName(who),
    predicate: normalName(canonicalPredicate(predicate)),
    text: `${who ?? "The user"} ${says}.`,
    episodeId: message.episodeId,
    quoteStart: sentence.start,
    quoteEnd: sentence.start + sentence.text.length,
    ...holds(sentence.text, times, message.saidAt, object),
    names: namesIn(object, reading.subject),
  }
}

const untilBefore = /(?<!\p{L})(?:until|till|through|bis(?: zum)?|jusqu['’](?:en|au|à)|hasta)$/u
const untilWithin = /^(?:until |till |bis |jusqu['’]|hasta )/u

/** From when to when it holds: from when it was said, unless the sentence says since or until when. */
function holds(text: string, times: readonly NamedTime[], saidAt: number, object: string): Pick<ExtractedFact, "validFrom" | "validTo"> {
  let validFrom: number | null = saidAt
  let validTo: number | null = null
  for (const time of times) {
    const before = text.slice(0, time.start).trimEnd().toLowerCase()
    const named = time.text.toLowerCase()
    if (untilBefore.test(before) || untilWithin.test(named)) validTo = time.to
    else if (object.includes(time.text)) continue // "my birthday is 3 May" holds all the time
    else validFrom = time.from
  }
  return { validFrom, validTo: validTo !== null && validTo > validFrom ? validTo : null }
}

/** What happened or will happen to the speaker on a day that the sentence names. */
function eventOf(message: Message, sentence: Sentence, times: readonly NamedTime[]): ExtractedFact | undefined {
  const [time] = times
  if (time === undefined || !/\b(?:I|we|my|our)\b/u.test(sentence.text) || sentence.text.length > eventCharsMax) return undefined
  const who = message.speaker ?? "The user"
  const label = timeLabel(time)
  return {
    op: "assert",
    kind: "event",
    predicate: "event",
    object: label,
    isSingle: false,
    confidence: confidenceOfEvents,
    subject: message.speaker === null ? "user" : normalName(message.speaker),
    text: `${label}: ${who} said: “${sentence.text}”`,
    episodeId: message.episodeId,
    quoteStart: sentence.start,
    quoteEnd: sentence.start + sentence.text.length,
    validFrom: time.from,
    validTo: null,
    names: namesIn(sentence.text, undefined),
    eventKey: eventKeyOf(sentence.text, times),
  }
}

/** The day and the words that say what happened, in no order: told in other words' order it is the same event. */
export function eventKeyOf(text: string, times: readonly NamedTime[]): string {
  const [time] = times
  const words = times.reduce((rest, { text: named }) => rest.replace(named, " "), text)
  return `${time === undefined ? "" : timeLabel(time)}/${[...new Set(analyze(words))].sort().join(" ")}`
}

const eventCharsMax = 300

/** Capitalised words that do not begin the text: people, places, products. */
export function namesIn(text: string, subject: string | undefined): string[] {
  const found = [...text.matchAll(/(?<!^|[.!?]\s)\b\p{Lu}[\p{L}\p{N}'’-]+(?:\s\p{Lu}[\p{L}\p{N}'’-]+){0,3}/gu)].map(([name]) => name)
  const first = /^(?:the |an? )?(\p{Lu}[\p{L}\p{N}'’-]+(?:\s\p{Lu}[\p{L}\p{N}'’-]+){0,3})/u.exec(text)?.[1]
  const names = [...(subject === undefined ? [] : [subject]), ...(first === undefined || text.includes(" I ") ? [] : [first]), ...found]
  return [...new Set(names)].filter((name) => !notNames.has(name.toLowerCase())).slice(0, namesMax)
}

const namesMax = 8
const notNames = new Set(
  `i we my our the yesterday today tomorrow last next on in at and but i'm i’m i've i’ve
   monday tuesday wednesday thursday friday saturday sunday
   january february march april may june july august september october november december`.split(/\s+/u),
)
