-- The work that follows a write to memory: what is due in which scope, what was done with which text, what models cost, sessions, entities.

-- When facts were read out of it, or it was found that there is nothing to read.
alter table episodes add column extracted_at timestamptz;
create index episodes_to_extract on episodes (project_id, scope, id) where extracted_at is null and expired_at is null;

create table memory_upkeep (
  project_id text not null,
  scope text not null,
  -- One run per generation, whichever process starts it; the run that ends well opens the next.
  generation int not null default 0,
  generation_at timestamptz not null,
  -- On whose behalf a timer starts what is due: who wrote last.
  principal text not null,
  -- When there is something to do next; null: not before somebody writes.
  due_at timestamptz,
  failures int not null default 0,
  -- Code and message of the last failure; never text of a memory.
  error text,
  -- What was recorded after it is in no profile and no timeline yet.
  consolidated_at timestamptz,
  ended_at timestamptz,
  primary key (project_id, scope),
  foreign key (project_id, scope) references scopes (project_id, path) on delete cascade
);
create index memory_upkeep_due on memory_upkeep (due_at) where due_at is not null;
select perdure_protect('memory_upkeep');

-- What was done with a text of a scope: the same text is never read twice, whichever source repeats it.
create table memory_work (
  project_id text not null,
  scope text not null,
  content_hash text not null,
  step text not null check (step in ('extract')),
  version text not null,
  state text not null check (state in ('done', 'failed', 'waiting')),
  attempts int not null,
  retry_at timestamptz,
  error text,
  -- Facts that it gave, and that were refused for want of a quote.
  facts int not null default 0,
  refused int not null default 0,
  model text,
  at timestamptz not null,
  primary key (project_id, scope, content_hash, step, version)
);
create index memory_work_unfinished on memory_work (project_id, scope, state) where state <> 'done';
select perdure_protect('memory_work');

-- What models cost that work on a scope, by day (UTC).
create table memory_spend (
  project_id text not null,
  scope text not null,
  day date not null,
  calls int not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micro_usd bigint not null,
  primary key (project_id, scope, day)
);
select perdure_protect('memory_spend');

create table memory_sessions (
  project_id text not null,
  scope text not null,
  session text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  ended_at timestamptz,
  ended_by text check (ended_by in ('gap', 'conversation')),
  -- Messages up to here are in its summary.
  digested_at timestamptz,
  primary key (project_id, scope, session)
);
create index memory_sessions_open on memory_sessions (project_id, scope, last_at) where ended_at is null;
select perdure_protect('memory_sessions');

-- People, places, things that are spoken of. Their names are encrypted; what finds them are hashes under the scope's key.
create table memory_entities (
  project_id text not null,
  id text not null,
  scope text not null,
  key_id text not null,
  body bytea,
  created_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, key_id) references data_keys (project_id, id)
);
create index memory_entities_by_scope on memory_entities (project_id, scope);
select perdure_protect('memory_entities');

create table memory_entity_names (
  project_id text not null,
  scope text not null,
  name_hash text not null,
  entity_id text not null,
  -- Hashes of groups of three letters: two names share as many as the letters would.
  trigrams int[] not null,
  primary key (project_id, scope, name_hash),
  foreign key (project_id, entity_id) references memory_entities (project_id, id) on delete cascade
);
create index memory_entity_names_by_entity on memory_entity_names (project_id, entity_id);
select perdure_protect('memory_entity_names');

create table memory_mentions (
  project_id text not null,
  entity_id text not null,
  -- One of the two.
  episode_id text,
  memory_id text,
  -- Of a memory: what it is about, or what it speaks of besides.
  is_subject boolean not null,
  foreign key (project_id, entity_id) references memory_entities (project_id, id) on delete cascade,
  foreign key (project_id, episode_id) references episodes (project_id, id) on delete cascade,
  foreign key (project_id, memory_id) references memories (project_id, id) on delete cascade,
  check ((episode_id is null) <> (memory_id is null))
);
create unique index memory_mentions_of_episode on memory_mentions (project_id, entity_id, episode_id) where episode_id is not null;
create unique index memory_mentions_of_memory on memory_mentions (project_id, entity_id, memory_id) where memory_id is not null;
create index memory_mentions_by_episode on memory_mentions (project_id, episode_id) where episode_id is not null;
create index memory_mentions_by_memory on memory_mentions (project_id, memory_id) where memory_id is not null;
select perdure_protect('memory_mentions');
