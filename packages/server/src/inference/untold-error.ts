// What is said of an answer with an error status in which no provider speaks: a proxy's page, "404 page not found", an empty object.
import type { Deployment } from "./types.ts"

/** `told` is what the body itself says in a form that is known, or null. */
export function sayUntold(
  { id, origin }: Deployment,
  status: number,
  body: string,
  told: string | null,
): { message: string; hint?: string } {
  const isNowhere = (status === 404 || status === 405) && (told === null || nowhereWords.test(told))
  if (told !== null && !isNowhere) return { message: told }
  const text = told ?? shown(body)
  const said = `the provider of "${id}" answered ${status}${text === "" ? " without a text" : `: ${text}`}`
  if (!isNowhere) return { message: said }
  return { message: said, hint: `It may have nothing at that path: check "baseUrl" and "type" of that provider (${origin}).` }
}

/** What web frameworks say where they have no route. */
const nowhereWords = /^(?:not found|404 page not found|method not allowed)\.?$/i

const charsMax = 500

/** Of a page no more than its title. */
function shown(body: string): string {
  if (!/^\s*<(?:!doctype|html|\?xml)/i.test(body)) return body.slice(0, charsMax).trim()
  const title = /<title[^>]*>([^<]{1,200})/i.exec(body)?.[1]?.trim()
  return title === undefined ? "a page instead of an error" : `a page, "${title}"`
}
