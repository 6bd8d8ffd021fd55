-- Erasures: what was asked to vanish, how far it is, and the receipt that stays.

create table erasures (
  project_id text not null,
  id text not null,
  run_id text not null,
  principal text not null,
  target_kind text not null check (target_kind in ('subject', 'source', 'scope', 'query')),
  -- The name of the subject, source or scope. Of a query: null, for it is the text that shall vanish.
  target text,
  -- A query inside of one scope.
  within_scope text,
  dry_run boolean not null,
  status text not null check (status in ('in_progress', 'completed', 'incomplete', 'failed')),
  receipt jsonb,
  receipt_hash text,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (project_id, id)
);
select perdure_protect('erasures');

-- The texts that are looked for everywhere, encrypted under a key of this erasure alone; rows and key go with its end.
create table erasure_texts (
  project_id text not null,
  erasure_id text not null,
  id text not null,
  key_id text not null,
  body bytea not null,
  primary key (project_id, erasure_id, id),
  foreign key (project_id, erasure_id) references erasures (project_id, id) on delete cascade
);
select perdure_protect('erasure_texts');
