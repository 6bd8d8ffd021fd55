// What a request is given of an experiment: who its subject is, whether it is of the sample, and its variant.
import { isInShare, variantFor } from "./assignment.ts"
import { controlOf } from "./held.ts"
import type { Asker, Assigned, HeldExperiment, HeldVariant } from "./types.ts"

/** Undefined where it does not take part: its key has none of the tags, or may use no variant. */
export function assign(experiment: HeldExperiment, asker: Asker): Assigned | undefined {
  const { definition, variants, fixed, name } = experiment
  if (definition.tags.length > 0 && !asker.tags.some((tag) => definition.tags.includes(tag))) return undefined
  const isUsable = ({ model }: HeldVariant): boolean => model === undefined || asker.allowsModel(model)
  if (fixed) return isUsable(fixed) ? { experiment, variant: fixed, isCounted: false } : undefined
  const salt = `${asker.projectId}\0${name}`
  const subject = subjectOf(experiment, asker) ?? asker.requestId
  if (!isInShare(definition.share, salt, subject)) {
    const control = controlOf(experiment)
    return control && isUsable(control) ? { experiment, variant: control, isCounted: false } : undefined
  }
  const variant = variantFor(variants.filter(isUsable), salt, subject)
  return variant && { experiment, variant, isCounted: true }
}

/** Kinds of subjects are told apart: a user may be called like a key. */
function subjectOf({ definition: { subject } }: HeldExperiment, asker: Asker): string | undefined {
  if (asker.subject !== undefined) return `subject ${asker.subject}`
  if (typeof subject === "object") {
    const tag = asker.tags.find((each) => each.startsWith(`${subject.tag}:`))
    return tag === undefined ? undefined : `tag ${tag}`
  }
  if (subject === "key") return `key ${asker.principalId}`
  if (subject === "user") return asker.user === null ? undefined : `user ${asker.user}`
  const conversation = subject === "conversation" ? asker.conversation() : undefined
  return conversation === undefined ? undefined : `conversation ${conversation}`
}
