-- Memory: scopes and who may use them, keys of data, sources, episodes (evidence, kept as it came), memories with versions in two times,
-- what was derived from what, who recalled what, what a person should look at.

-- The flat statements of before are carried over by the server, since their text gets encrypted: see context/memory/carry-over.ts.
alter table memories rename to flat_memories;
alter index memories_pkey rename to flat_memories_pkey;
alter index memories_by_scope rename to flat_memories_by_scope;

create table scopes (
  project_id text not null,
  path text not null,
  kind text not null check (kind in ('project', 'application', 'agent', 'user', 'team', 'thread')),
  parent text,
  retention_days int check (retention_days > 0),
  -- What models may cost that work on this scope, per day; null: what the installation says.
  model_budget_micro_usd bigint check (model_budget_micro_usd >= 0),
  -- Recalls of this scope leave out what is below.
  level_min smallint not null default 0 check (level_min between 0 and 3),
  created_at timestamptz not null,
  primary key (project_id, path)
);
select perdure_protect('scopes');

-- A scope with grants is there for these only (and for who manages memories); one without, for everybody in the project.
create table scope_grants (
  project_id text not null,
  scope text not null,
  grantee_kind text not null check (grantee_kind in ('principal', 'user')),
  grantee text not null,
  can text[] not null,
  created_at timestamptz not null,
  primary key (project_id, scope, grantee_kind, grantee),
  foreign key (project_id, scope) references scopes (project_id, path) on delete cascade
);
select perdure_protect('scope_grants');

-- Bodies are encrypted under the key of whom they are about; destroying it makes every copy unreadable, also in backups.
create table data_keys (
  project_id text not null,
  id text not null,
  subject text not null,
  -- Wrapped by the installation's secret; null once it is destroyed.
  wrapped bytea,
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (project_id, id),
  check ((wrapped is null) = (destroyed_at is not null))
);
create unique index data_keys_live on data_keys (project_id, subject) where destroyed_at is null;
select perdure_protect('data_keys');

create function perdure_data_key_changed() returns trigger
language plpgsql
as $$
begin
  perform pg_notify('perdure_data_keys', old.id);
  return null;
end
$$;
create trigger data_keys_changed after update or delete on data_keys for each row execute function perdure_data_key_changed();

-- Where evidence came from. The same origin in the same scope is one row until it is revoked.
create table sources (
  project_id text not null,
  id text not null,
  scope text not null,
  kind text not null check (kind in ('user', 'agent', 'tool', 'web', 'file', 'import', 'operator')),
  principal text not null,
  -- Of kind, principal and address, by a key of the scope: recognises the origin again without keeping its address in plain.
  identity text not null,
  key_id text not null,
  body bytea,
  run_id text,
  label jsonb not null,
  integrity smallint not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by text,
  reason text,
  primary key (project_id, id),
  foreign key (project_id, scope) references scopes (project_id, path),
  foreign key (project_id, key_id) references data_keys (project_id, id)
);
create unique index sources_live on sources (project_id, scope, identity) where revoked_at is null;
create index sources_by_scope on sources (project_id, scope, id);
select perdure_protect('sources');

create table episodes (
  project_id text not null,
  id text not null,
  scope text not null,
  source_id text not null,
  conversation_id text,
  item_id text,
  session text,
  lane text not null,
  key_id text not null,
  -- Text, speaker, metadata; null once it is redacted.
  body bytea,
  content_hash text not null,
  tokens int not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  valid_from timestamptz,
  valid_to timestamptz,
  -- Since when it is evidence no more: retracted, revoked, redacted, out of retention.
  expired_at timestamptz,
  ended_by text check (ended_by in ('retract', 'revoke', 'redact', 'expire')),
  label jsonb not null,
  integrity smallint not null,
  directive boolean not null,
  -- Not empty: it repeats what was recalled, so nothing is ever extracted from it.
  recalled_from text[] not null,
  principal text not null,
  run_id text,
  -- When the work that follows a write (vectors, facts) was done.
  upkept_at timestamptz,
  primary key (project_id, id),
  foreign key (project_id, scope) references scopes (project_id, path),
  foreign key (project_id, source_id) references sources (project_id, id),
  foreign key (project_id, key_id) references data_keys (project_id, id),
  check ((expired_at is null) = (ended_by is null))
);
create unique index episodes_live on episodes (project_id, scope, source_id, content_hash) where expired_at is null;
create index episodes_by_scope on episodes (project_id, scope, id);
create index episodes_by_source on episodes (project_id, source_id);
create index episodes_by_session on episodes (project_id, scope, session, id) where session is not null;
create index episodes_to_upkeep on episodes (project_id, scope, id) where upkept_at is null and expired_at is null;
select perdure_protect('episodes');

create table memories (
  project_id text not null,
  id text not null,
  scope text not null,
  kind text not null check (kind in ('fact', 'preference', 'event', 'procedure', 'reflection', 'summary', 'timeline', 'profile')),
  -- Of subject and predicate, by a key of the scope; null: it has no slot and is never superseded by another.
  slot text,
  created_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, scope) references scopes (project_id, path)
);
create unique index memories_by_slot on memories (project_id, scope, slot) where slot is not null;
create index memories_by_scope on memories (project_id, scope, id);
select perdure_protect('memories');

create table memory_versions (
  project_id text not null,
  id text not null,
  memory_id text not null,
  scope text not null,
  key_id text not null,
  body bytea,
  content_hash text not null,
  valid_from timestamptz,
  valid_to timestamptz,
  recorded_at timestamptz not null,
  expired_at timestamptz,
  ended_by text check (ended_by in ('refine', 'supersede', 'retract', 'revoke', 'redact', 'expire')),
  -- From when on its successor holds in the world; until then the superseded version is still what was true.
  replaced_from timestamptz,
  op text not null check (op in ('assert', 'refine', 'supersede', 'contradict')),
  supersedes text,
  head boolean not null,
  label jsonb not null,
  integrity smallint not null,
  directive boolean not null,
  confidence real not null,
  salience real not null,
  tokens int not null,
  principal text not null,
  run_id text,
  model text,
  prompt_hash text,
  -- Claims that nobody confirmed lapse.
  lapses_at timestamptz,
  primary key (project_id, id),
  foreign key (project_id, memory_id) references memories (project_id, id) on delete cascade,
  foreign key (project_id, key_id) references data_keys (project_id, id),
  check ((expired_at is null) = (ended_by is null)),
  check (not head or expired_at is null)
);
create unique index memory_versions_head on memory_versions (project_id, memory_id) where head;
create index memory_versions_by_memory on memory_versions (project_id, memory_id, id);
create index memory_versions_by_scope on memory_versions (project_id, scope, id);
create index memory_versions_by_content on memory_versions (project_id, scope, content_hash) where expired_at is null;
create index memory_versions_lapsing on memory_versions (project_id, lapses_at) where expired_at is null and lapses_at is not null;
select perdure_protect('memory_versions');

create table derivations (
  project_id text not null,
  child text not null,
  parent_kind text not null check (parent_kind in ('episode', 'version', 'chunk')),
  parent text not null,
  -- UTF-16 units in the parent's text; null: it follows from the whole.
  quote_start int,
  quote_end int,
  primary key (project_id, child, parent),
  foreign key (project_id, child) references memory_versions (project_id, id) on delete cascade
);
create index derivations_by_parent on derivations (project_id, parent);
select perdure_protect('derivations');

-- An index into the run log: whom an entry influenced.
create table recalled (
  project_id text not null,
  entry_id text not null,
  run_id text not null,
  seq int not null,
  recalled_at timestamptz not null,
  primary key (project_id, entry_id, run_id, seq)
);
create index recalled_by_run on recalled (project_id, run_id);
select perdure_protect('recalled');

-- What a person should decide on: a claim of lower trust against a head, a text that asks for behaviour.
create table memory_reviews (
  project_id text not null,
  id text not null,
  scope text not null,
  entry_id text not null,
  reason text not null check (reason in ('contradiction', 'directive', 'support')),
  created_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by text,
  resolution text check (resolution in ('confirmed', 'rejected')),
  primary key (project_id, id)
);
create unique index memory_reviews_open on memory_reviews (project_id, entry_id, reason) where resolved_at is null;
create index memory_reviews_by_scope on memory_reviews (project_id, scope, id) where resolved_at is null;
select perdure_protect('memory_reviews');

-- Whether a version has evidence left. A version that was superseded is still evidence for what was made of it; a revoked one is not.
create function perdure_is_supported(project text, version text) returns boolean
language sql stable
as $$
  select exists (
    select from derivations d where d.project_id = project and d.child = version and case d.parent_kind
      when 'episode' then exists (
        select from episodes e join sources s on s.project_id = e.project_id and s.id = e.source_id
        where e.project_id = project and e.id = d.parent and e.expired_at is null and s.revoked_at is null)
      when 'version' then exists (
        select from memory_versions v where v.project_id = project and v.id = d.parent
          and (v.expired_at is null or v.ended_by in ('refine', 'supersede', 'expire')))
      else exists (select from chunks c where c.project_id = project and c.id = d.parent)
    end)
$$;

create function perdure_refuse_unsupported(project text, version text) returns void
language plpgsql
as $$
begin
  if exists (select from memory_versions where project_id = project and id = version and expired_at is null)
    and not perdure_is_supported(project, version) then
    raise exception 'the live version % has no live parent', version
      using errcode = 'integrity_constraint_violation', constraint = 'memory_versions_supported';
  end if;
end
$$;

create function perdure_check_version() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(new.project_id, new.id);
  return null;
end
$$;

create function perdure_check_derivation() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(old.project_id, old.child);
  return null;
end
$$;

create function perdure_check_children() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child) from derivations d where d.project_id = old.project_id and d.parent = old.id;
  return null;
end
$$;

create function perdure_check_source() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from episodes e join derivations d on d.project_id = e.project_id and d.parent = e.id
    where e.project_id = new.project_id and e.source_id = new.id;
  return null;
end
$$;

create constraint trigger memory_versions_supported after insert or update of expired_at on memory_versions
  deferrable initially deferred for each row when (new.expired_at is null) execute function perdure_check_version();
create constraint trigger memory_versions_support_ended after update of expired_at, ended_by on memory_versions
  deferrable initially deferred for each row when (new.ended_by in ('retract', 'revoke', 'redact')) execute function perdure_check_children();
create constraint trigger memory_versions_support_deleted after delete on memory_versions
  deferrable initially deferred for each row execute function perdure_check_children();
create constraint trigger episodes_support_ended after update of expired_at on episodes
  deferrable initially deferred for each row when (new.expired_at is not null) execute function perdure_check_children();
create constraint trigger episodes_support_deleted after delete on episodes
  deferrable initially deferred for each row execute function perdure_check_children();
create constraint trigger sources_support_revoked after update of revoked_at on sources
  deferrable initially deferred for each row when (new.revoked_at is not null) execute function perdure_check_source();
create constraint trigger derivations_kept after update or delete on derivations
  deferrable initially deferred for each row execute function perdure_check_derivation();
