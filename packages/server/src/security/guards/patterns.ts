// The kinds of personal data and secrets that the redactor knows, each as a pattern of bounded length that no text can make slow.
import { redactedEntities } from "../../config/index.ts"
import { cardLength, ibanLength } from "./checksums.ts"

export interface Pattern {
  /** What it finds: the word in placeholders and reports. */
  kind: string
  /** Global; looks at no more than `charsMax` characters from where it begins. */
  regex: RegExp
  charsMax: number
  /** At the end of a text: what may still become a match, with as many characters as the expression looks at. Absent: the last `charsMax` characters may. */
  open?: RegExp
  /** A second opinion: how much of what the expression found is one, from its beginning; 0 for none. */
  validLength?: (text: string) => number
}

/** Of two that begin at the same place the earlier in this list wins. */
export const entityKinds = redactedEntities
export type EntityKind = (typeof entityKinds)[number]

export function builtInPatterns(kinds: readonly EntityKind[]): Pattern[] {
  return entityKinds.filter((kind) => kinds.includes(kind)).flatMap((kind) => patterns[kind])
}

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const hextet = "[0-9A-Fa-f]{1,4}"
/** "::1" and "a::b" are addresses too, but so short that they are mostly something else. */
const isLongAddress = (text: string): boolean =>
  /^(?:f[cde]|2)[0-9a-f]{2,3}:/i.test(text) || text.split(":").filter((part) => part !== "").length >= 3

/** International; with an area code in brackets; with one after a zero; North American. */
const phone =
  /(?<![\w.+-])(?:\+\d(?:[ ./-]?\(?\d\)?){6,16}|\(0?\d{2,5}\)(?:[ ./-]?\d){6,11}|0\d{2,5}[ /-]\d(?:[ /-]?\d){4,8}|\d{3}[.-]\d{3}[.-]\d{4})(?![\w-]|\.\d)/g

/** By the prefixes of those who issue them: OpenAI and kin, Stripe, GitHub, GitLab, Slack, AWS, Google, npm, Hugging Face; and JSON web tokens. */
const keys =
  /(?<![\w-])(?:(?:sk|pk|rk|gsk|xai|pplx|r8)[-_][\w-]{16,200}|gh[pousr]_[A-Za-z0-9]{30,200}|github_pat_\w{30,200}|glpat-[\w-]{20,60}|xox[abeprs]-[\w-]{10,200}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,60}|eyJ[\w-]{10,800}\.eyJ[\w-]{10,800}\.[\w-]{10,400})(?![\w-])/g

const patterns: Readonly<Record<EntityKind, readonly Pattern[]>> = {
  secret: [
    {
      kind: "secret",
      regex: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){1,8000}-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
      charsMax: 8_200,
      open: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^]*$|-----[A-Z ]{0,50}-{0,5}$|-{1,5}$/,
    },
    {
      kind: "secret",
      regex: keys,
      charsMax: 2_020,
      open: /[\w-]{1,804}(?:\.[\w-]{0,804}){0,2}$/,
      // Words with dashes may begin like a key; keys have digits.
      validLength: (text) => (/\d/.test(text) ? text.length : 0),
    },
  ],
  iban: [
    {
      kind: "iban",
      regex: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])/g,
      charsMax: 48,
      open: /[A-Z]{1,2}$|[A-Z]{2}\d[A-Z0-9 -]{0,45}$/,
      validLength: ibanLength,
    },
  ],
  card: [
    {
      kind: "card",
      regex: /(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-]|\.\d)/g,
      charsMax: 42,
      open: /\d(?:[ -]?\d){0,18}[ .-]?$/,
      validLength: cardLength,
    },
  ],
  email: [
    {
      kind: "email",
      regex:
        /(?<![\w.%+-])[\p{L}\p{N}_.%+-]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,6}\p{L}{2,24}(?![\p{L}\p{N}_-])/gu,
      charsMax: 480,
      open: /[\p{L}\p{N}_.%+-]{1,64}(?:@[\p{L}\p{N}.-]{0,410})?$/u,
    },
  ],
  ip: [
    {
      kind: "ip",
      regex: new RegExp(String.raw`(?<![\w.])(?:${octet}\.){3}${octet}(?![\w]|\.\d)`, "g"),
      charsMax: 20,
      open: /\d{1,3}(?:\.\d{0,3}){0,3}\.?$/,
    },
    {
      kind: "ip",
      regex: new RegExp(
        String.raw`(?<![\w:.])(?:(?:${hextet}:){7}${hextet}|(?:${hextet}:){1,6}(?::${hextet}){1,6}|(?:${hextet}:){1,7}:|::(?:${hextet}:){0,5}${hextet})(?![\w:])`,
        "g",
      ),
      charsMax: 80,
      open: /[0-9A-Fa-f:]{1,80}$/,
      validLength: (text) => (isLongAddress(text) ? text.length : 0),
    },
  ],
  phone: [
    {
      kind: "phone",
      regex: phone,
      charsMax: 72,
      open: /[+(]{0,2}\d[\d ()./-]{0,70}$|[+(]{1,2}$/,
    },
  ],
}
