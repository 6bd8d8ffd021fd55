// The same for German, French and Spanish, where it is cheap: names, homes, employers, favourites, likes and dislikes.
import type { Pattern, Reading } from "./patterns.ts"

const clause = String.raw`(?<=^|[,;:–—!.¡]\s*|\b(?:und|aber|denn|dass|et|mais|que|y|pero)\s+)`
/** The dot of "am 3. Mai" ends nothing. */
const rest = String.raw`(?<object>(?:[^.,;!?\n]|(?<=\s\d{1,2})\.(?=\s\p{L})){1,80})`

function said(body: string, predicate: string, says: (object: string) => string, value?: "likes" | "dislikes"): Pattern {
  return {
    pattern: new RegExp(`${clause}${body}`, "giu"),
    read: ({ object = "", what = "" }): Reading | undefined => {
      if (value !== undefined) {
        if (/^(?:es|das|ihn|dich|ça|le |la |lo |te |eso|esto|cela|bien que|que )/iu.test(object)) return undefined
        return { kind: "preference", predicate: `opinion of ${object}`, object: value, isSingle: true, says: says(object) }
      }
      const favourite = what === "" ? predicate : `${predicate} ${what.toLowerCase()}`
      return { ...(what === "" ? {} : { kind: "preference" as const }), predicate: favourite, object, isSingle: true, says: says(object) }
    },
  }
}

export const otherPatterns: readonly Pattern[] = [
  said(
    String.raw`(?:ich heiße|mein name ist) (?<object>\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*){0,2})`,
    "name",
    (object) => `heißt ${object}`,
  ),
  said(`ich (?:wohne|lebe) (?:jetzt |nun |derzeit )?in ${rest}`, "home", (object) => `wohnt in ${object}`),
  said(`ich bin (?:[^.,;!?\\n]{1,40}? )?nach (?<object>[^.,;!?\\n]{1,60}?) (?:um)?gezogen`, "home", (object) => `wohnt in ${object}`),
  said(`ich arbeite (?:jetzt |nun |derzeit )?(?:bei|für) ${rest}`, "employer", (object) => `arbeitet bei ${object}`),
  said(String.raw`mein(?:e)? lieblings(?<what>[\p{L}]+) ist ${rest}`, "favourite", (object) => `mag am liebsten ${object}`),
  said(`ich mag (?:kein(?:e|en)? )${rest}`, "", (object) => `mag ${object} nicht`, "dislikes"),
  said(`ich (?:mag|liebe) (?!kein)(?<object>[^.,;!?\\n]{1,60}?) nicht(?: mehr)?\\b`, "", (object) => `mag ${object} nicht`, "dislikes"),
  said(String.raw`ich (?:mag|liebe) (?!kein)(?![^.,;!?\n]*\bnicht\b)${rest}`, "", (object) => `mag ${object}`, "likes"),
  said(
    String.raw`(?:je m['’]appelle|mon nom est) (?<object>\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*){0,2})`,
    "name",
    (object) => `s'appelle ${object}`,
  ),
  said(`(?:j['’]habite|je vis) (?:maintenant )?(?:à|en|au) ${rest}`, "home", (object) => `habite à ${object}`),
  said(`j['’]ai (?:récemment )?déménagé (?:de [^.,;!?\\n]{1,40}? )?(?:à|en|au) ${rest}`, "home", (object) => `habite à ${object}`),
  said(`je travaille (?:maintenant )?(?:chez|pour) ${rest}`, "employer", (object) => `travaille chez ${object}`),
  said(`j['’](?:aime|adore) ${rest}`, "", (object) => `aime ${object}`, "likes"),
  said(`je n['’]aime (?:pas|plus) ${rest}`, "", (object) => `n'aime pas ${object}`, "dislikes"),
  said(
    String.raw`(?:me llamo|mi nombre es) (?<object>\p{Lu}[\p{L}'-]*(?: \p{Lu}[\p{L}'-]*){0,2})`,
    "name",
    (object) => `se llama ${object}`,
  ),
  said(`(?:ahora )?vivo (?:ahora )?en ${rest}`, "home", (object) => `vive en ${object}`),
  said(`me (?:mudé|he mudado) (?:hace poco )?(?:de [^.,;!?\\n]{1,40}? )?a ${rest}`, "home", (object) => `vive en ${object}`),
  said(`trabajo (?:ahora )?(?:en|para) ${rest}`, "employer", (object) => `trabaja en ${object}`),
  said(`me (?:gustan?|encantan?) (?:mucho )?${rest}`, "", (object) => `le gusta ${object}`, "likes"),
  said(`(?:ya )?no me gustan? ${rest}`, "", (object) => `no le gusta ${object}`, "dislikes"),
]
