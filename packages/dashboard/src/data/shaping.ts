// Prompts, experiments and scores as the pages read and change them.
import type { Experiment, ExperimentSummary, Feedback, FeedbackList, FeedbackSums, Prompt, PromptSummary } from "@perdure/client"
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseInfiniteQueryResult,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query"
import { ranges, startOf, type RangeName } from "../lib/spend.ts"
import { client } from "./client.ts"

const everyMs = 5_000
const scoresPerPage = 50

export function usePrompts(): UseQueryResult<PromptSummary[]> {
  return useQuery({
    queryKey: ["prompts"],
    queryFn: async ({ signal }) => (await client.prompts.list(signal)).prompts,
    refetchInterval: everyMs,
  })
}

export function usePrompt(name: string): UseQueryResult<Prompt> {
  return useQuery({ queryKey: ["prompt", name], queryFn: ({ signal }) => client.prompts.get(name, signal), refetchInterval: everyMs })
}

export function useSetLabel(name: string): UseMutationResult<Prompt, Error, { label: string; version: number }> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ label, version }) => client.prompts.setLabel(name, label, version),
    onSettled: () => queries.invalidateQueries({ queryKey: ["prompt", name] }),
  })
}

export function useExperiments(): UseQueryResult<ExperimentSummary[]> {
  return useQuery({
    queryKey: ["experiments"],
    queryFn: async ({ signal }) => (await client.experiments.list(signal)).experiments,
    refetchInterval: everyMs,
  })
}

export function useExperiment(name: string): UseQueryResult<Experiment> {
  return useQuery({
    queryKey: ["experiment", name],
    queryFn: ({ signal }) => client.experiments.get(name, signal),
    refetchInterval: everyMs,
  })
}

export type ExperimentDecision = { reason?: string } & ({ status: "paused" | "running" } | { promote: string })

export function useDecide(name: string): UseMutationResult<Experiment, Error, ExperimentDecision> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ reason, ...decision }) => {
      const because = reason === undefined || reason === "" ? {} : { reason }
      return "promote" in decision
        ? client.experiments.promote(name, { variant: decision.promote, ...because })
        : client.experiments.update(name, { ...decision, ...because })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["experiment", name] }),
  })
}

export interface ScoreFilter {
  name: string
  experiment: string
}

/** The newest that fit, and more on demand. */
export function useScores({ name, experiment }: ScoreFilter): UseInfiniteQueryResult<Feedback[]> {
  const filter = { ...(name === "" ? {} : { name }), ...(experiment === "" ? {} : { experiment }) }
  return useInfiniteQuery({
    queryKey: ["scores", filter],
    queryFn: ({ pageParam, signal }) =>
      client.feedback.list({ ...filter, limit: scoresPerPage, ...(pageParam === null ? {} : { before: pageParam }) }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: FeedbackList) => last.next,
    select: ({ pages }) => pages.flatMap(({ feedback }) => feedback),
    refetchInterval: everyMs,
  })
}

/** Of each name over the range; `overTime`: apart for each of its hours or days. */
export function useScoreSums(range: RangeName, name: string, overTime: boolean): UseQueryResult<FeedbackSums> {
  return useQuery({
    queryKey: ["scores", "sums", range, name, overTime],
    queryFn: ({ signal }) =>
      client.feedback.sums(
        {
          since: startOf(range, Date.now()),
          ...(name === "" ? {} : { name }),
          ...(overTime ? { interval: ranges[range].interval } : {}),
        },
        signal,
      ),
    refetchInterval: everyMs,
    placeholderData: keepPreviousData,
  })
}
