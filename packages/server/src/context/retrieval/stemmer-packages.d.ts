// What is used of two packages that bring no types.
declare module "snowball-stemmers" {
  export function newStemmer(language: string): { stem(word: string): string }
}
declare module "stopword" {
  export const ara: string[]
  export const deu: string[]
  export const fra: string[]
  export const ita: string[]
  export const nld: string[]
  export const por: string[]
  export const rus: string[]
  export const spa: string[]
  export const swe: string[]
  export const tur: string[]
}
