// Words as the extractive responder compares them: lower case, without endings, without the words that carry no topic.

const stopWords = new Set(
  `a about above after again all am an and any are as at be because been before being below between both but by can could did do does doing
  down during each few for from further get give had has have having he her here hers him his how i if in into is it its itself just let
  like may me might more most must my no nor not now of off on once one only or other our ours out over own please same shall she should so some
  such tell than that the their theirs them then there these they this those through to too under until up us very want was we were what
  when where which while who whom whose why will with would you your yours show explain describe know need make much many say says said
  according document documents text file question answer thing things`.split(/\s+/),
)

/** Every word in lower case with its place in the text. */
export function wordsIn(text: string): { word: string; start: number; end: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu)].map((match) => ({
    word: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** Stems of the words that carry a topic, each once. */
export function topicStems(text: string): Set<string> {
  return new Set(
    wordsIn(text)
      .filter(({ word }) => !stopWords.has(word))
      .map(({ word }) => stem(word)),
  )
}

/** The words of a name such as `getWeather_forCity`, stemmed, stop words dropped. */
export function nameStems(name: string): Set<string> {
  return topicStems(splitName(name))
}

/** `getWeather_forCity` → `get weather for city`. */
export function splitName(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, "$1 $2")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase()
}

/** A light stemmer: it only has to give the forms of one English word the same stem most of the time. */
export function stem(word: string): string {
  const bare = word.replace(/['’]s?$/u, "")
  if (bare.length <= 3 || /\d/.test(bare)) return bare
  for (const [ending, replacement] of endings) {
    if (bare.endsWith(ending) && bare.length - ending.length >= 3) return undouble(bare.slice(0, -ending.length) + replacement)
  }
  return bare
}

const endings: readonly (readonly [string, string])[] = [
  ["ations", ""],
  ["ation", ""],
  ["ments", ""],
  ["ment", ""],
  ["ness", ""],
  ["ingly", ""],
  ["ings", ""],
  ["ing", ""],
  ["edly", ""],
  ["ies", "y"],
  ["ied", "y"],
  ["ions", ""],
  ["ion", ""],
  ["able", ""],
  ["ers", ""],
  ["er", ""],
  ["es", ""],
  ["ed", ""],
  ["ly", ""],
  ["e", ""],
  ["ss", "ss"],
  ["s", ""],
]

function undouble(text: string): string {
  return /([b-df-hj-km-np-rtvwxz])\1$/.test(text) ? text.slice(0, -1) : text
}
