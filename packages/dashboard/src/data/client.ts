// The one client of this page: the session's cookie travels by itself, its CSRF token comes with the page.
import { createClient } from "@perdure/client"

const csrf = document.querySelector<HTMLMetaElement>('meta[name="perdure-csrf"]')?.content ?? ""

export const client = createClient({ baseUrl: "", csrf })
