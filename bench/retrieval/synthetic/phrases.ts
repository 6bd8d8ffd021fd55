// The sentences of the synthetic set, by language.
import { ar } from "./phrases/ar.ts"
import { de } from "./phrases/de.ts"
import { en } from "./phrases/en.ts"
import { es } from "./phrases/es.ts"
import { fr } from "./phrases/fr.ts"
import { ja } from "./phrases/ja.ts"

export type { Phrases, Topic } from "./phrases/types.ts"

export const phrasesOf = { en, es, fr, de, ja, ar } as const
export type SetLanguage = keyof typeof phrasesOf
