// Checks for the fields of media requests, which a form has as texts and JSON as what they are.
import { z } from "zod"

export const text = z.string().nullish()

const numberText = z
  .string()
  .regex(/^-?\d+(?:\.\d+)?$/, "must be a number")
  .transform(Number)

export const number = z.union([z.number(), numberText]).nullish()

const wholeText = z.string().regex(/^\d+$/, "must be a whole number").transform(Number)

export const whole = z.union([z.int(), wholeText]).nullish()
