// The pages that the server itself shows around the dashboard: signed out, link used, not built, welcome. One inline style, allowed by its hash.
import { createHash } from "node:crypto"

export interface Help {
  html: string
  contentSecurityPolicy: string
}

const style = `:root{color-scheme:light dark;--ink:#1b1f24;--dim:#5b6470;--ground:#fbfbfa;--line:#dfe1e4;--code:#f1f2f3}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--dim:#9aa3ae;--ground:#111316;--line:#2a2e34;--code:#1a1d21}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:30rem;padding:2rem}h1{font-size:1.15rem;margin:0 0 .6rem;font-weight:600}p{margin:.5rem 0;color:var(--dim)}
code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--code);border:1px solid var(--line);border-radius:5px;padding:.15rem .4rem;color:var(--ink)}
a{color:inherit}`
const styleHash = createHash("sha256").update(style).digest("base64")
const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`

const newLink = "Get a new link with <code>perdure dashboard</code>, or take the one that the server prints when it starts."
const pages = {
  "signed-out": ["You are signed out", `The dashboard opens with a one-time link. ${newLink}`],
  used: ["This link no longer works", `A login link works once, for 15 minutes. ${newLink}`],
  "not-built": [
    "The dashboard has not been built",
    "Build it with <code>npm run build</code>, then reload this page. The API works without it.",
  ],
  "no-asset": ["Not found", 'There is no such file here. Go to <a href="/dashboard/">the dashboard</a>.'],
  welcome: ["Signed in", 'Opening <a href="/dashboard/">the dashboard</a> …'],
} as const

export function helpPage(which: keyof typeof pages): Help {
  const [title, text] = pages[which]
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} · Perdure</title><style>${style}</style>`
  const body = `<main><h1>${title}</h1><p>${text}</p></main>`
  return { html: `<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`, contentSecurityPolicy }
}
