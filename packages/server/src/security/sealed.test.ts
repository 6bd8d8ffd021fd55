// Tests of sealed texts: they open where they were made for, and nowhere else.
import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { openTestStore } from "../testing/database.ts"
import { createSealer, openSealer } from "./sealed.ts"

const sealer = createSealer(randomBytes(32))

test("a sealed text opens again, says nothing, and is different each time", () => {
  const text = "The code word is cobalt. 東京 🎉"
  const [one, two] = [sealer.seal("a", "proj_1", text), sealer.seal("a", "proj_1", text)]
  expect([sealer.open("a", "proj_1", one), sealer.open("a", "proj_1", two)]).toEqual([text, text])
  expect(one).not.toBe(two)
  expect(Buffer.from(one.slice(5), "base64url").toString("latin1")).not.toContain("cobalt")
})

test("another project, purpose or installation cannot open it", () => {
  const sealed = sealer.seal("a", "proj_1", "words")
  expect(sealer.open("a", "proj_2", sealed)).toBeUndefined()
  expect(sealer.open("b", "proj_1", sealed)).toBeUndefined()
  expect(createSealer(randomBytes(32)).open("a", "proj_1", sealed)).toBeUndefined()
})

test("what was changed anywhere, cut or made up does not open", () => {
  const sealed = sealer.seal("a", "proj_1", "words")
  const bytes = Buffer.from(sealed.slice(5), "base64url")
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(sealer.open("a", "proj_1", `pds1.${changed.toString("base64url")}`)).toBeUndefined()
  }
  for (const text of ["", "pds1.", "pds1.AAAA", "gAAAAABpM0Yj", sealed.slice(0, -8), `x${sealed}`])
    expect(sealer.open("a", "proj_1", text)).toBeUndefined()
})

test("two processes of one database open each other's", { timeout: 120_000 }, async () => {
  await using database = await openTestStore("pglite")
  const [one, two] = [await openSealer(database.store), await openSealer(database.store)]
  expect(two.open("a", "proj_1", one.seal("a", "proj_1", "words"))).toBe("words")
})
