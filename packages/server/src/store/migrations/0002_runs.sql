-- The run log: runs, their events, who executes them, what they wait for; and the one function through which executors write.
create table runs (
  id text primary key,
  project_id text not null,
  principal text not null,
  end_user text,
  kind text not null,
  name text not null,
  -- One line for people: the question, the name of the file.
  title text,
  version text not null default '',
  status text not null check (status in
    ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'incomplete', 'in_doubt', 'needs_migration', 'poisoned')),
  parent_id text,
  conversation_id text,
  model text,
  priority integer not null default 0,
  -- Who executes it now, and the token that every one of its writes must carry.
  executor uuid,
  token uuid,
  attempt integer not null default 0,
  -- Executors that died under it since it last made a stop of its own accord.
  deaths integer not null default 0,
  wake_at timestamptz,
  -- What a waiting run waits for: [{"signal": name, "after": id}, {"child": run}].
  waits jsonb,
  deadline_at timestamptz,
  cancel_reason text,
  label jsonb not null,
  -- What readers get back is `json`: it keeps the order of members, which is the order in which a model fills in a schema, and the same
  -- text for who reads an event as it happens and who reads it later.
  input json not null,
  output json,
  error jsonb,
  metadata json,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  cost_micro_usd bigint not null default 0,
  cost_known boolean not null default true,
  first_token_ms integer,
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  constraint runs_token_while_running check ((status = 'running') = (token is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

create index runs_project on runs (project_id, id);
create index runs_queued on runs (priority, id) where status = 'queued';
create index runs_running on runs (executor) where status = 'running';
create index runs_wake on runs (wake_at) where status = 'waiting' and wake_at is not null;
create index runs_parent on runs (parent_id) where parent_id is not null;
create index runs_conversation on runs (conversation_id, id) where conversation_id is not null;
create index runs_stuck on runs (kind, name) where status = 'needs_migration';
select perdure_protect('runs');

-- An event's label is null where it is the run's own. Large data lie in `blobs`, named by `blob`.
create table run_events (
  run_id text not null,
  seq integer not null,
  project_id text not null,
  attempt integer not null,
  type text not null,
  data json,
  label jsonb,
  blob text,
  at timestamptz not null,
  primary key (run_id, seq)
);
select perdure_protect('run_events');

-- Data above 64 KB, by the hash of its text; it goes with its run.
create table blobs (
  run_id text not null,
  hash text not null,
  project_id text not null,
  data json not null,
  primary key (run_id, hash)
);
select perdure_protect('blobs');

-- Kept until their run is deleted: which ones a run has consumed is in its log.
create table signals (
  id bigint generated always as identity primary key,
  run_id text not null,
  project_id text not null,
  name text not null,
  payload json,
  label jsonb not null,
  at timestamptz not null default now()
);
create index signals_run on signals (run_id, name, id);
select perdure_protect('signals');

create table executors (
  id uuid primary key,
  seen timestamptz not null default now(),
  lease_ms integer not null,
  roles text not null,
  capacity integer not null
) with (fillfactor = 50, autovacuum_vacuum_threshold = 50);

-- One flush of an executor: everything in it commits together, or, for a run whose token is no longer current, is not written at all.
--   p_runs, p_tokens     the runs of this batch with their lease tokens
--   p_parents            parents of runs that end in it, or null
--   p_starts             [{run row}], inserted with token and executor; an id that exists stays as it is
--   p_events             [{r: run, s: seq, t: type, d: data, l: label, b: blob, a: epoch ms}]
--   p_ends               [{r: run, st: status, …}]: ends, suspends and releases
--   p_payload            what to tell the other processes, or null when there are none
-- Locks are taken in the order of run ids everywhere (here, reaping, cancelling), or two batches could block each other.
create function perdure_flush(
  p_executor uuid, p_runs text[], p_tokens uuid[], p_parents text[], p_starts json, p_events json, p_ends json, p_payload text
) returns table (rejected text[], inserted integer, woken boolean)
language plpgsql
-- Plans are cached: one that was made while a table was small must not scan it when it is large.
set enable_seqscan = off
as $$
declare
  held text[];
  projects text[];
  attempts integer[];
  touched integer;
begin
  woken := false;
  if p_starts is not null then
    insert into runs (id, project_id, principal, end_user, kind, name, title, version, status, parent_id, conversation_id, model, priority,
                      executor, token, attempt, deadline_at, label, input, metadata, created_at, started_at)
    select s.id, s.project_id, s.principal, s.end_user, s.kind, s.name, s.title, s.version, 'running', s.parent_id, s.conversation_id, s.model, s.priority,
           p_executor, s.token, s.attempt, to_timestamp(s.deadline_at / 1000.0), s.label, coalesce(s.input, 'null'), s.metadata,
           to_timestamp(s.created_at / 1000.0), to_timestamp(s.started_at / 1000.0)
    from json_to_recordset(p_starts) as s (
      id text, project_id text, principal text, end_user text, kind text, name text, title text, version text, parent_id text, conversation_id text,
      model text, priority integer, token uuid, attempt integer, deadline_at bigint, label jsonb, input json, metadata json,
      created_at bigint, started_at bigint)
    order by s.id
    on conflict (id) do nothing;
  end if;

  if cardinality(p_runs) = 1 and p_ends is null then
    -- The idle path: one run, no search, no join.
    select array[r.id], array[r.project_id], array[r.attempt] into held, projects, attempts
    from runs r where r.id = p_runs[1] and r.token = p_tokens[1] for share;
    insert into run_events (run_id, seq, project_id, attempt, type, data, label, blob, at)
    select e.r, e.s, projects[1], attempts[1], e.t, e.d, e.l, e.b, to_timestamp(e.a / 1000.0)
    from json_to_recordset(p_events) as e (r text, s integer, t text, d json, l jsonb, b text, a bigint)
    where held is not null
    on conflict (run_id, seq) do nothing;
    get diagnostics inserted = row_count;
  else
    if p_parents is not null then
      -- A child that ends while its parent suspends: one of the two must see the other, so both lock the parent.
      perform 1 from runs where id = any (p_runs || p_parents) order by id for no key update;
    end if;
    -- One look-up by primary key for each. (A token is there only while the run is running, so the status need not be asked; asking for it lets
    -- the planner scan the index of all running runs for each row.)
    select array_agg(l.id), array_agg(l.project_id), array_agg(l.attempt) into held, projects, attempts
    from (select * from unnest(p_runs, p_tokens) as u (id, token) order by u.id) w
    cross join lateral (select r.id, r.project_id, r.attempt from runs r where r.id = w.id and r.token = w.token for share) l;
    insert into run_events (run_id, seq, project_id, attempt, type, data, label, blob, at)
    select e.r, e.s, h.project_id, h.attempt, e.t, e.d, e.l, e.b, to_timestamp(e.a / 1000.0)
    from json_to_recordset(p_events) as e (r text, s integer, t text, d json, l jsonb, b text, a bigint)
    join unnest(held, projects, attempts) as h (id, project_id, attempt) on h.id = e.r
    on conflict (run_id, seq) do nothing;
    get diagnostics inserted = row_count;
  end if;

  if p_ends is not null and held is not null then
    update runs r set
      status = e.st, executor = null, token = null, output = e.output, error = e.error, waits = e.waits,
      wake_at = to_timestamp(e.wake_at / 1000.0), deaths = 0,
      model = coalesce(e.model, r.model),
      input_tokens = e.u[1], output_tokens = e.u[2], cached_tokens = e.u[3], reasoning_tokens = e.u[4], cost_micro_usd = e.u[5],
      cost_known = e.cost_known, first_token_ms = e.first_token_ms,
      finished_at = to_timestamp(e.finished_at / 1000.0)
    from json_to_recordset(p_ends) as e (
      r text, st text, output json, error jsonb, waits jsonb, wake_at bigint, model text, u bigint[], cost_known boolean,
      first_token_ms integer, finished_at bigint)
    where r.id = e.r and (cardinality(held) = cardinality(p_runs) or e.r = any (held));
    if exists (select 1 from json_to_recordset(p_ends) as e (st text) where e.st = 'waiting') then
      touched := perdure_wake(held);
      woken := touched > 0;
    end if;
    if p_parents is not null then
      touched := perdure_wake(p_parents);
      woken := woken or touched > 0;
    end if;
  end if;

  if p_payload is not null then
    perform pg_notify('perdure_runs', p_payload);
    if woken or exists (select 1 from json_to_recordset(p_ends) as e (st text) where e.st = 'queued') then
      perform pg_notify('perdure_runs', '- q');
    end if;
  end if;
  if coalesce(cardinality(held), 0) < cardinality(p_runs) then
    rejected := array(select w from unnest(p_runs) as w where held is null or w <> all (held));
  end if;
  return next;
end
$$;

-- Queues those of the given runs that wait for something which is there already; the caller has locked them.
create function perdure_wake(p_runs text[]) returns integer
language plpgsql
set enable_seqscan = off
as $$
declare
  touched integer;
begin
  update runs r set status = 'queued', wake_at = null, waits = null
  where r.id = any (p_runs) and r.status = 'waiting' and (
    r.wake_at <= now() or r.cancel_reason is not null
    or exists (
      select 1 from jsonb_to_recordset(r.waits) as w (signal text, after bigint, child text)
      where exists (select 1 from signals s where s.run_id = r.id and s.name = w.signal and s.id > w.after)
         or exists (select 1 from runs c where c.id = w.child and c.finished_at is not null)));
  get diagnostics touched = row_count;
  return touched;
end
$$;
