-- Light runs: one narrow row per stateless inference call, written when it has ended. No payloads unless they were asked for.
-- Ids begin with their time, so the primary key's order is the order of creation, and old rows can be deleted by range.
create table light_runs (
  project_id text not null,
  id text not null,
  principal text not null,
  end_user text,
  kind text not null,
  name text not null,
  model text,
  deployment text,
  outcome text not null,
  status integer not null,
  error_code text,
  error_message text,
  started_at timestamptz not null,
  duration_ms integer not null,
  first_token_ms integer,
  streamed boolean not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cached_tokens bigint not null,
  reasoning_tokens bigint not null,
  cost_micro_usd bigint not null,
  cost_known boolean not null,
  request_bytes bigint not null,
  response_bytes bigint not null,
  label jsonb,
  data jsonb,
  primary key (project_id, id)
);
-- Rows come in order of time: a block range index costs next to nothing when they are written.
create index light_runs_started on light_runs using brin (started_at);
select perdure_protect('light_runs');
