-- Blocks: texts that stand in a context, by path; states: versioned values, by key. Their texts are encrypted under the data key `key_id`.
-- A version is a number that the path or key never has again, also after a deletion, so that it can be a precondition.

create table blocks (
  project_id text not null,
  scope text not null,
  path text not null,
  version int not null,
  key_id text not null,
  body bytea not null,
  size_bytes int not null,
  tokens int not null,
  tokens_max int,
  read_only boolean not null default false,
  description text,
  label jsonb not null,
  principal text not null,
  run_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, scope, path)
);
select perdure_protect('blocks');

-- What a path was; the body is null where it was deleted.
create table block_versions (
  project_id text not null,
  scope text not null,
  path text not null,
  version int not null,
  op text not null check (op in ('write', 'confirm', 'rename', 'delete')),
  key_id text,
  body bytea,
  label jsonb not null,
  principal text not null,
  run_id text,
  at timestamptz not null,
  primary key (project_id, scope, path, version)
);
select perdure_protect('block_versions');

create table states (
  project_id text not null,
  scope text not null,
  key text not null,
  version int not null,
  key_id text not null,
  body bytea not null,
  label jsonb not null,
  principal text not null,
  run_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (project_id, scope, key)
);
select perdure_protect('states');

create table state_versions (
  project_id text not null,
  scope text not null,
  key text not null,
  version int not null,
  op text not null check (op in ('write', 'delete')),
  key_id text,
  body bytea,
  label jsonb not null,
  principal text not null,
  run_id text,
  at timestamptz not null,
  primary key (project_id, scope, key, version)
);
select perdure_protect('state_versions');
