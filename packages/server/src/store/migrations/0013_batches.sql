-- Batches: many requests of one file, executed by one durable run, and what came of each.
create table batches (
  project_id text not null,
  id text not null,
  -- Whose form it has: OpenAI's (files in, files out) or Anthropic's (requests in, results out).
  dialect text not null check (dialect in ('openai', 'anthropic')),
  principal text not null,
  endpoint text not null,
  -- Headers of the request that made it which each line is sent with.
  headers jsonb not null,
  input_file_id text not null,
  completion_window text not null,
  metadata jsonb,
  output_expires_after_s integer,
  status text not null check (status in
    ('validating', 'failed', 'in_progress', 'finalizing', 'completed', 'expired', 'cancelling', 'cancelled')),
  errors jsonb,
  model text,
  lines_total integer not null default 0,
  lines_succeeded integer not null default 0,
  lines_errored integer not null default 0,
  lines_cancelled integer not null default 0,
  lines_expired integer not null default 0,
  input_tokens bigint not null default 0,
  cached_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  -- Files that are being written while it is finalizing, and that are shown once it has ended.
  output_file_id text,
  error_file_id text,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  in_progress_at timestamptz,
  finalizing_at timestamptz,
  cancelling_at timestamptz,
  -- When it came to its last status.
  ended_at timestamptz,
  primary key (project_id, id)
);
select perdure_protect('batches');

-- The journal of a batch: one row for each line that has an outcome, written once by whoever comes first.
create table batch_lines (
  project_id text not null,
  batch_id text not null,
  line integer not null,
  outcome text not null check (outcome in ('succeeded', 'errored', 'cancelled', 'expired')),
  -- The line of the results, without its line break.
  content text not null,
  primary key (project_id, batch_id, line),
  foreign key (project_id, batch_id) references batches (project_id, id) on delete cascade
);
select perdure_protect('batch_lines');

-- A file that is written in parts is there for nobody before its last one.
alter table files add column is_complete boolean not null default true;
