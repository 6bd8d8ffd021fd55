// From a score to how likely the candidate answers the question: a logistic curve per kind of text, fitted where the answers are known.
export interface Curve {
  /** Above 0, so that no order changes. */
  slope: number
  offset: number
}

export interface JudgedScore {
  /** What is left out together. */
  group: string
  score: number
  answers: boolean
}

/** 0 to 1. What has no curve keeps its score. */
export function likelihood(score: number, curve: Curve | undefined): number {
  return curve === undefined ? score : 1 / (1 + Math.exp(-(curve.slope * score + curve.offset)))
}

const judgedMin = 200
const rightMin = 20
const steps = 100
const stepMax = 3
/** Keeps the curve from a cliff where scores tell right from wrong without error. */
const shrinkage = 0.01
const slopeMin = 0.5

/** By Newton's method; undefined where there is too little to go by, or where higher scores do not answer more often. */
export function fitCurve(judged: readonly Omit<JudgedScore, "group">[]): Curve | undefined {
  const right = judged.filter(({ answers }) => answers).length
  if (judged.length < judgedMin || right < rightMin || right === judged.length) return undefined
  const curve: Curve = { slope: 1, offset: Math.log(right / (judged.length - right)) }
  for (let step = 0; step < steps; step++) {
    const { slope, offset } = newtonStep(judged, curve)
    curve.slope -= Math.max(-stepMax, Math.min(stepMax, slope))
    curve.offset -= Math.max(-stepMax, Math.min(stepMax, offset))
  }
  if (!Number.isFinite(curve.slope + curve.offset) || curve.slope < slopeMin) return undefined
  return { slope: Math.round(curve.slope * 1_000) / 1_000, offset: Math.round(curve.offset * 1_000) / 1_000 }
}

function newtonStep(judged: readonly Omit<JudgedScore, "group">[], curve: Curve): Curve {
  let [gSlope, gOffset, hSlope, hBoth, hOffset] = [shrinkage * curve.slope, 0, shrinkage, 0, 1e-6]
  for (const { score, answers } of judged) {
    const likely = likelihood(score, curve)
    const error = likely - Number(answers)
    const weight = likely * (1 - likely)
    gSlope += error * score
    gOffset += error
    hSlope += weight * score * score
    hBoth += weight * score
    hOffset += weight
  }
  const determinant = Math.max(hSlope * hOffset - hBoth * hBoth, 1e-9)
  return { slope: (hOffset * gSlope - hBoth * gOffset) / determinant, offset: (hSlope * gOffset - hBoth * gSlope) / determinant }
}

const binsOfError = 10

/** How far likelihoods are from what came true, on average: the expected calibration error over ten bins of equal size. */
export function calibrationError(judged: readonly JudgedScore[], curveOf: (each: JudgedScore) => Curve | undefined): number {
  const sorted = judged.map((each) => ({ likely: likelihood(each.score, curveOf(each)), answers: each.answers }))
  sorted.sort((a, b) => a.likely - b.likely)
  const size = Math.max(1, Math.ceil(sorted.length / binsOfError))
  let error = 0
  for (let from = 0; from < sorted.length; from += size) {
    const bin = sorted.slice(from, from + size)
    const said = bin.reduce((sum, { likely }) => sum + likely, 0)
    error += Math.abs(said - bin.filter(({ answers }) => answers).length)
  }
  return error / Math.max(1, sorted.length)
}

export interface Calibration {
  /** Undefined where none is worth having: the one in force stays. */
  curve: Curve | undefined
  /** Expected calibration errors: by curves that were fitted on the other groups, and by the one in force. */
  leftOut: number
  before: number
}

/** A curve, and how good it is on what was left out. */
export function calibrate(judged: readonly JudgedScore[], inForce: Curve | undefined): Calibration {
  const groups = [...new Set(judged.map(({ group }) => group))]
  const curves = new Map(groups.map((group) => [group, fitCurve(judged.filter((each) => each.group !== group))]))
  const before = calibrationError(judged, () => inForce)
  const leftOut = calibrationError(judged, ({ group }) => curves.get(group) ?? inForce)
  const curve = fitCurve(judged)
  return { curve: leftOut < before || groups.length === 1 ? curve : undefined, leftOut, before }
}
