// The words of experiments: one as it is held in memory, its variants, and what a request was given.
import type { ExperimentDefinition } from "@perdure/contract"
import type { StoredExperimentState } from "../../store/index.ts"

export interface HeldVariant {
  readonly name: string
  /** Digest of its model, with the parameters that are configured for it, and prompt: what is known of it holds for these only. */
  readonly content: string
  readonly model: string | undefined
  readonly prompt: { readonly id: string; readonly version?: number | undefined; readonly label?: string | undefined } | undefined
  /** Shares of 1. */
  readonly declaredWeight: number
  readonly weight: number
}

export interface HeldExperiment {
  readonly name: string
  /** A place in the configuration, or `api`. */
  readonly origin: string
  readonly definition: ExperimentDefinition
  readonly variants: readonly HeldVariant[]
  /** Digest of the variants with their declared weights. */
  readonly basis: string
  readonly state: Pick<StoredExperimentState, "status" | "winner">
  /** Whose requests everybody's are while it does not run. */
  readonly fixed: HeldVariant | undefined
}

/** An experiment that the configuration declares. */
export interface DeclaredExperiment {
  readonly name: string
  readonly definition: ExperimentDefinition
  readonly origin: string
}

/** Who asks, as far as an assignment goes by it. */
export interface Asker {
  readonly projectId: string
  readonly principalId: string
  readonly tags: readonly string[]
  readonly user: string | null
  /** What the request says in place of all that. */
  readonly subject: string | undefined
  /** Of a response, or the key of its prompt cache; asked for where an experiment goes by it. */
  readonly conversation: () => string | undefined
  /** Of this request alone: who has no subject is drawn by it. */
  readonly requestId: string
  readonly allowsModel: (model: string) => boolean
}

export interface Assigned {
  readonly experiment: HeldExperiment
  readonly variant: HeldVariant
  /** It is one of the sample; the others get the variant that is fixed for them. */
  readonly isCounted: boolean
}
