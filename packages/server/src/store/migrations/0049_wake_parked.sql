-- As before, and a run that is parked in the flush at hand (in doubt, code that does not fit) is queued where it was cancelled meanwhile: whoever
-- claims it ends it, and it waits for nobody's decision.
create or replace function perdure_wake(p_runs text[]) returns integer
language plpgsql
set enable_seqscan = off
as $$
declare
  touched integer;
begin
  update runs r set status = 'queued', wake_at = null, waits = null
  where r.id = any (p_runs) and (
    r.status in ('in_doubt', 'needs_migration') and r.cancel_reason is not null
    or r.status = 'waiting' and (
      r.wake_at <= now() or r.cancel_reason is not null
      or exists (
        select 1 from jsonb_to_recordset(r.waits) as w (signal text, after bigint, child text)
        where exists (select 1 from signals s where s.run_id = r.id and s.name = w.signal and s.id > w.after)
           or exists (select 1 from runs c where c.id = w.child and c.finished_at is not null))));
  get diagnostics touched = row_count;
  return touched;
end
$$;
