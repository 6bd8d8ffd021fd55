// What the redactor finds and what it leaves alone, in whole texts and in texts that come in pieces.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { builtInPatterns, entityKinds, type Pattern } from "./patterns.ts"
import { PatternFilter, replaceMatches } from "./scan.ts"

const all = builtInPatterns(entityKinds)
const mark = (match: string, { kind }: Pattern): string => `<${kind}:${match}>`
const marked = (text: string, patterns: readonly Pattern[] = all): string => replaceMatches(text, patterns, mark)

const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n0Z3VS5JJcds3\n-----END RSA PRIVATE KEY-----"
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

describe("what is found", () => {
  it.each<[string, string]>([
    ["write to ada.l+x@mail.example.co.uk.", "write to <email:ada.l+x@mail.example.co.uk>."],
    ["Größe: jörg@müller.de!", "Größe: <email:jörg@müller.de>!"],
    ["call +49 30 901820-123 now", "call <phone:+49 30 901820-123> now"],
    ["+1 (415) 555-2671", "<phone:+1 (415) 555-2671>"],
    ["(030) 901820 or 415-555-2671.", "<phone:(030) 901820> or <phone:415-555-2671>."],
    ["tel 030/9018 201", "tel <phone:030/9018 201>"],
    ["4111 1111 1111 1111 12/27", "<card:4111 1111 1111 1111> 12/27"],
    ["card 5500-0000-0000-0004, 123", "card <card:5500-0000-0000-0004>, 123"],
    ["order 12345 378282246310005", "order 12345 <card:378282246310005>"],
    ["DE89 3704 0044 0532 0130 00 EUR", "<iban:DE89 3704 0044 0532 0130 00> EUR"],
    ["GB82WEST12345698765432", "<iban:GB82WEST12345698765432>"],
    ["from 192.168.1.254.", "from <ip:192.168.1.254>."],
    ["at 2001:db8::8a2e:370:7334 or fe80::1", "at <ip:2001:db8::8a2e:370:7334> or <ip:fe80::1>"],
    ["key sk-proj-abcdefghij0123456789", "key <secret:sk-proj-abcdefghij0123456789>"],
    ["AKIAIOSFODNN7EXAMPLE", "<secret:AKIAIOSFODNN7EXAMPLE>"],
    ["ghp_0123456789abcdefghijABCDEFGHIJ012345", "<secret:ghp_0123456789abcdefghijABCDEFGHIJ012345>"],
    [`Bearer ${jwt}`, `Bearer <secret:${jwt}>`],
    [`a\n${pem}\nb`, `a\n<secret:${pem}>\nb`],
  ])("%s", (text, expected) => {
    expect(marked(text)).toBe(expected)
  })

  it.each([
    "4111 1111 1111 1112 is no card",
    "DE89370400440532013002 is no IBAN",
    "version 1.2.3.4.5 and 999.1.1.1",
    "on 2024-01-31 at 12:30:45, for 1,234,567.89",
    "12345 of 67890",
    "std::vector and a::b",
    "me@localhost, @handle, 5 @ 3.50",
    "pk-is-a-very-long-css-class-name",
    "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----",
    "an id: 0192f7c1-7b7e-7cc3-98c4-dc0c0c07398f",
    "",
  ])("nothing in: %s", (text) => {
    expect(marked(text)).toBe(text)
  })

  it("is found in time in texts that were made to be slow", () => {
    const slow = [
      "+1".repeat(50_000),
      "1 ".repeat(50_000),
      "AB12".repeat(25_000),
      "a@".repeat(50_000),
      "a.".repeat(50_000) + "@",
      `a@${"a.".repeat(50_000)}`,
      "1:".repeat(50_000),
      "-----BEGIN PRIVATE KEY-----".repeat(4_000),
      "eyJ".repeat(33_000),
      "eyJaaaaaaaaaa.".repeat(7_000),
    ]
    for (const text of slow) expect(marked(text).length).toBeGreaterThan(0)
  })
})

/** Texts in which things begin, nearly end, and stand side by side. */
const pieces = fc.constantFrom(
  "ada@example.com",
  "x@y.museum.uk",
  "4111 1111 1111 1111",
  "378282246310005",
  "DE89370400440532013000",
  "10.0.0.1",
  "2001:db8::1:2",
  "+49 30 901820",
  "415-555-2671",
  "sk-abcdefghij0123456789",
  jwt,
  pem,
  "-----BEGIN ",
  "-----",
  " ",
  ".",
  "-",
  ",",
  "@",
  ":",
  "+",
  "(",
  "1",
  "12",
  "00",
  "A",
  "DE",
  "word",
  "é",
  "😀",
  "\n",
  "eyJ",
  "_",
)
const texts = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(""))
const cuts = fc.array(fc.nat(60), { maxLength: 30 })

function inPieces(text: string, sizes: readonly number[], patterns: readonly Pattern[]): string {
  const filter = new PatternFilter(patterns, mark)
  let out = ""
  let at = 0
  for (const size of sizes) {
    out += filter.push(text.slice(at, at + size))
    at += size
  }
  return out + filter.push(text.slice(at)) + filter.end()
}

describe("a text that comes in pieces", () => {
  it("is rewritten as the whole one would be, wherever it is cut", () => {
    fc.assert(
      fc.property(texts, cuts, (text, sizes) => {
        expect(inPieces(text, sizes, all)).toBe(marked(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it("is rewritten the same when it comes letter by letter, each kind alone", () => {
    for (const kind of entityKinds) {
      const patterns = builtInPatterns([kind])
      fc.assert(
        fc.property(texts, (text) => {
          expect(
            inPieces(
              text,
              Array.from({ length: text.length }, () => 1),
              patterns,
            ),
          ).toBe(marked(text, patterns))
        }),
        { numRuns: 200 },
      )
    }
  })

  it("waits with the word that may become something, and with nothing else", () => {
    const filter = new PatternFilter(all, mark)
    expect([filter.push("Dear Ada, your name"), filter.push(" is"), filter.push(" ada@"), filter.push("x.org "), filter.end()]).toEqual([
      "Dear Ada, your ",
      "name ",
      "is ",
      "<email:ada@x.org> ",
      "",
    ])
  })

  it("holds as much of it as an own pattern looks at", () => {
    const own: Pattern = { kind: "staff", regex: /EMP-\d{6}/g, charsMax: 10 }
    const filter = new PatternFilter([own], mark)
    expect(filter.push("0123456789abcde")).toBe("01234")
    expect(filter.push("EMP-12") + filter.push("3456 yes") + filter.end()).toBe("56789abcde<staff:EMP-123456> yes")
    fc.assert(
      fc.property(fc.array(fc.constantFrom("EMP-123456", "EMP-", "1", "12345", " "), { maxLength: 12 }), cuts, (parts, sizes) => {
        expect(inPieces(parts.join(""), sizes, [own])).toBe(marked(parts.join(""), [own]))
      }),
    )
  })
})
