-- The shared level of the answer cache. Unlogged: it is written often, holds nothing that cannot be made again, and is empty after a crash.
create unlogged table cached_answers (
  project_id text not null,
  key text not null,
  topic text,
  vector real[],
  body bytea not null,
  ends bytea not null,
  facts jsonb not null,
  stored_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (project_id, key)
);
-- Answers are compressed by nobody: they are read whole and soon gone.
alter table cached_answers alter column body set storage external;
create index cached_answers_by_topic on cached_answers (project_id, topic, stored_at) where topic is not null;
select perdure_protect('cached_answers');
