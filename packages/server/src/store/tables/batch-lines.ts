// Outcomes of the lines of batches: each is written once, with the counts of its batch, by one statement.
import type { Queryable } from "../port.ts"
import type { BatchStatus } from "./batches.ts"

export interface StoredBatchLine {
  line: number
  outcome: "succeeded" | "errored" | "cancelled" | "expired"
  content: string
}

export interface NewBatchLine extends StoredBatchLine {
  inputTokens: number
  cachedTokens: number
  outputTokens: number
  reasoningTokens: number
}

export interface BatchProgress {
  status: BatchStatus
  linesTotal: number
  linesSucceeded: number
  linesErrored: number
}

/** Writes those that have no outcome yet. Undefined when the batch has ended or is gone: then nothing is written. */
export async function insertLines(
  db: Queryable,
  projectId: string,
  batchId: string,
  lines: readonly NewBatchLine[],
): Promise<BatchProgress | undefined> {
  const column = <T>(pick: (line: NewBatchLine) => T): T[] => lines.map(pick)
  const rows = await db.query<BatchProgress>(
    `with given as (
       select * from unnest($3::int[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[], $9::int8[])
         as g (line, outcome, content, input, cached, output, reasoning)
     ), open as (
       select id from batches where project_id = $1 and id = $2 and ended_at is null for no key update
     ), added as (
       insert into batch_lines (project_id, batch_id, line, outcome, content)
       select $1, open.id, given.line, given.outcome, given.content from given, open order by given.line
       on conflict do nothing returning line
     ), sums as (
       select count(*) filter (where outcome = 'succeeded') as succeeded, count(*) filter (where outcome = 'errored') as errored,
         count(*) filter (where outcome = 'cancelled') as cancelled, count(*) filter (where outcome = 'expired') as expired,
         coalesce(sum(input), 0) as input, coalesce(sum(cached), 0) as cached, coalesce(sum(output), 0) as output,
         coalesce(sum(reasoning), 0) as reasoning
       from given join added using (line)
     )
     update batches b set lines_succeeded = lines_succeeded + succeeded, lines_errored = lines_errored + errored,
       lines_cancelled = lines_cancelled + sums.cancelled, lines_expired = lines_expired + sums.expired,
       input_tokens = input_tokens + sums.input, cached_tokens = cached_tokens + sums.cached,
       output_tokens = output_tokens + sums.output, reasoning_tokens = reasoning_tokens + sums.reasoning
     from sums, open where b.project_id = $1 and b.id = open.id
     returning b.status, lines_total as "linesTotal", lines_succeeded as "linesSucceeded", lines_errored as "linesErrored"`,
    [
      projectId,
      batchId,
      column(({ line }) => line),
      column(({ outcome }) => outcome),
      column(({ content }) => content),
      column(({ inputTokens }) => inputTokens),
      column(({ cachedTokens }) => cachedTokens),
      column(({ outputTokens }) => outputTokens),
      column(({ reasoningTokens }) => reasoningTokens),
    ],
  )
  return rows[0]
}

/** The numbers of the lines that have an outcome. */
export async function linesWithOutcome(db: Queryable, projectId: string, batchId: string): Promise<number[]> {
  const text = `select line from batch_lines where project_id = $1 and batch_id = $2`
  return (await db.query<{ line: number }>(text, [projectId, batchId])).map(({ line }) => line)
}

/** The next outcomes after a line, in their order: at least one, and no more than about `bytesMax`. */
export function nextLines(
  db: Queryable,
  projectId: string,
  batchId: string,
  { after, bytesMax }: { after: number; bytesMax: number },
): Promise<StoredBatchLine[]> {
  return db.query<StoredBatchLine>(
    `select line, outcome, content from (
       select line, outcome, content, sum(octet_length(content)) over (order by line) - octet_length(content) as before
       from (select line, outcome, content from batch_lines where project_id = $1 and batch_id = $2 and line > $3 order by line limit 1000) page
     ) sized where before < $4 order by line`,
    [projectId, batchId, after, bytesMax],
  )
}

export async function deleteLines(db: Queryable, projectId: string, batchId: string): Promise<void> {
  await db.query(`delete from batch_lines where project_id = $1 and batch_id = $2`, [projectId, batchId])
}

/** The first lines of a batch, so many at most; how many they were. */
export async function deleteSomeLines(db: Queryable, projectId: string, batchId: string, linesMax: number): Promise<number> {
  const rows = await db.query<{ line: number }>(
    `delete from batch_lines where project_id = $1 and batch_id = $2 and line in
       (select line from batch_lines where project_id = $1 and batch_id = $2 order by line limit $3) returning line`,
    [projectId, batchId, linesMax],
  )
  return rows.length
}
