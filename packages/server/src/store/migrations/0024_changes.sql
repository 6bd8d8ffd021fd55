-- The change log: one number after the other per scope, given under the lock of the scope's row, so that their order is that of the commits.

-- The last number of each scope, and the first that is kept. The last row that a writer touches before it commits.
create table change_scopes (
  project_id text not null,
  scope text not null,
  seq bigint not null,
  kept_from bigint not null default 1,
  primary key (project_id, scope)
);
select perdure_protect('change_scopes');

-- Only what changed, never its text: readers get that from where it is.
create table changes (
  project_id text not null,
  scope text not null,
  seq bigint not null,
  entry text not null,
  kind text not null,
  op text not null,
  version_id text,
  principal text not null,
  at timestamptz not null,
  primary key (project_id, scope, seq)
);
select perdure_protect('changes');

-- How far a named reader has come.
create table change_cursors (
  project_id text not null,
  reader text not null,
  scope text not null,
  seq bigint not null,
  updated_at timestamptz not null default now(),
  primary key (project_id, reader, scope)
);
select perdure_protect('change_cursors');
