// What a rule asks of one value of a request, made into a test once.
import type { RuleCondition } from "../../config/index.ts"
import type { JsonValue } from "../../core/index.ts"

export type ConditionTest = (value: JsonValue | undefined) => boolean

type Scalar = string | number | boolean

/** An expression sees no more of a value than this, whatever a client sends. */
const matchedCharactersMax = 1_024

export function conditionTest(condition: RuleCondition): ConditionTest {
  if (typeof condition !== "object" || Array.isArray(condition)) return isOneOf(condition)
  const { not, matches, present } = condition
  const tests: ConditionTest[] = []
  if (present !== undefined) tests.push((value) => isPresent(value) === present)
  if (not !== undefined) {
    const isOne = isOneOf(not)
    tests.push((value) => !isOne(value))
  }
  if (matches !== undefined) tests.push(matchTest(new RegExp(matches)))
  tests.push(...boundTests(condition))
  return (value) => tests.every((test) => test(value))
}

/** Headers and forms have texts alone: what is written alike is the same. A list fits where one of its values does. */
function isOneOf(values: Scalar | readonly Scalar[]): ConditionTest {
  const texts = new Set((typeof values === "object" ? values : [values]).map(String))
  return (value) => scalarsOf(value).some((each) => texts.has(String(each)))
}

function matchTest(expression: RegExp): ConditionTest {
  return (value) => scalarsOf(value).some((each) => expression.test(String(each).slice(0, matchedCharactersMax)))
}

function boundTests({ above, atLeast, below, atMost }: Exclude<RuleCondition, Scalar | Scalar[]>): ConditionTest[] {
  const tests: ConditionTest[] = []
  if (above !== undefined) tests.push((value) => numberOf(value) > above)
  if (atLeast !== undefined) tests.push((value) => numberOf(value) >= atLeast)
  if (below !== undefined) tests.push((value) => numberOf(value) < below)
  if (atMost !== undefined) tests.push((value) => numberOf(value) <= atMost)
  return tests
}

/** Not a number fits no bound. */
function numberOf(value: JsonValue | undefined): number {
  if (typeof value === "number") return value
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN
}

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null
}

/** No more of a list are looked at. */
const listedMax = 100

function scalarsOf(value: JsonValue | undefined): readonly Scalar[] {
  if (isScalar(value)) return [value]
  return Array.isArray(value) ? (value as readonly JsonValue[]).slice(0, listedMax).filter(isScalar) : []
}

function isScalar(value: JsonValue | undefined): value is Scalar {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
}
