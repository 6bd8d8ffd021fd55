// Names of attributes: one for each thing, however a message calls it, so that a later message replaces an earlier one.

const synonyms: Readonly<Record<string, string>> = {
  "full name": "name",
  "first name": "name",
  "home town": "hometown",
  "home city": "home",
  city: "home",
  occupation: "job",
  profession: "job",
  "job title": "job",
  company: "employer",
  workplace: "employer",
  "date of birth": "birthday",
  "birth date": "birthday",
  birthdate: "birthday",
  "email address": "email",
  "e-mail": "email",
  "e-mail address": "email",
  mail: "email",
  "phone number": "phone",
  "telephone number": "phone",
  "mobile number": "phone",
  telephone: "phone",
  "time zone": "timezone",
  "mother tongue": "native language",
  "due date": "deadline",
  "launch date": "launch",
  boss: "manager",
  kid: "child",
  spouse: "partner",
}

const attributes = new Set(
  `name nickname home hometown country origin birthplace birthday age job employer team manager email phone address timezone language
   wife husband partner girlfriend boyfriend fiancé fiancée mother father mom mum dad son daughter child brother sister friend cousin
   dog cat pet car bike laptop doctor dentist therapist school university major degree diet hobby allergy budget deadline launch status owner price
   goal salary height weight username nationality role title team size`.split(/\s+/u),
)
const pairs = new Set([
  "native language",
  "blood type",
  "shoe size",
  "shirt size",
  "best friend",
  "lucky number",
  "star sign",
  "project name",
  "team size",
  "emergency contact",
])

/** `favourite colour` for "favorite color". */
export function canonicalPredicate(name: string): string {
  const plain = name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/\s+/gu, " ")
    .trim()
    .replace(/^(?:new|current|present|own|actual) /u, "")
    .replace(/^favorite\b/u, "favourite")
    .replace(/\bcolor\b/u, "colour")
  return synonyms[plain] ?? plain
}

export function isAttribute(predicate: string): boolean {
  return predicate.startsWith("favourite ") || attributes.has(predicate) || pairs.has(predicate)
}

/** Not remembered as a fact, whoever says it. */
export function isSecret(predicate: string): boolean {
  return /\b(?:passwords?|passphrase|pin|secret|token|api key|key|cvv|card number|ssn|social security number|one-time code|otp)\b/u.test(
    predicate,
  )
}
