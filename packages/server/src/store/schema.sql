-- The schema that the migrations give. Written by scripts/dump-schema.ts; never edited by hand.

create table alert_deliveries (
  alert_id text not null,
  webhook text not null,
  status text default 'waiting'::text not null,
  attempts integer default 0 not null,
  next_at timestamp with time zone default now(),
  outcome text,
  updated_at timestamp with time zone default now() not null,
  constraint alert_deliveries_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text]))),
  constraint alert_deliveries_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts(id) ON DELETE CASCADE,
  constraint alert_deliveries_pkey PRIMARY KEY (alert_id, webhook)
);
CREATE INDEX alert_deliveries_due ON public.alert_deliveries USING btree (webhook, next_at) WHERE (next_at IS NOT NULL);

create table alert_deployments (
  id text not null,
  since timestamp with time zone default now() not null,
  constraint alert_deployments_pkey PRIMARY KEY (id)
);

create table alerts (
  id text not null,
  project_id text,
  type text not null,
  occasion text not null,
  data jsonb not null,
  created_at timestamp with time zone default now() not null,
  keep_until timestamp with time zone,
  constraint alerts_pkey PRIMARY KEY (id),
  constraint alerts_occasion_key UNIQUE (occasion)
);
CREATE INDEX alerts_kept ON public.alerts USING btree (keep_until) WHERE (keep_until IS NOT NULL);
CREATE INDEX alerts_newest ON public.alerts USING btree (created_at DESC);
alter table alerts enable row level security;
create policy project_only on alerts for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on alerts to perdure_app;

create table api_keys (
  id text not null,
  project_id text not null,
  name text not null,
  hash bytea not null,
  hint text not null,
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  models text[] default '{}'::text[] not null,
  endpoints text[] default '{}'::text[] not null,
  limits jsonb default '{}'::jsonb not null,
  tags text[] default '{}'::text[] not null,
  end_user text,
  metadata jsonb default '{}'::jsonb not null,
  created_by text,
  expires_at timestamp with time zone,
  rotated_at timestamp with time zone,
  retired jsonb default '[]'::jsonb not null,
  last_used_at timestamp with time zone,
  version bigint default 1 not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  regions text[] default '{}'::text[] not null,
  blocked_at timestamp with time zone,
  constraint api_keys_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_hash_key UNIQUE (hash)
);
CREATE INDEX api_keys_by_change ON public.api_keys USING btree (updated_at);
CREATE INDEX api_keys_by_project ON public.api_keys USING btree (project_id, id);
alter table api_keys enable row level security;
create policy project_only on api_keys for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on api_keys to perdure_app;

create table batch_lines (
  project_id text not null,
  batch_id text not null,
  line integer not null,
  outcome text not null,
  content text not null,
  constraint batch_lines_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'errored'::text, 'cancelled'::text, 'expired'::text]))),
  constraint batch_lines_project_id_batch_id_fkey FOREIGN KEY (project_id, batch_id) REFERENCES batches(project_id, id) ON DELETE CASCADE,
  constraint batch_lines_pkey PRIMARY KEY (project_id, batch_id, line)
);
alter table batch_lines enable row level security;
create policy project_only on batch_lines for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on batch_lines to perdure_app;

create table batches (
  project_id text not null,
  id text not null,
  dialect text not null,
  principal text not null,
  endpoint text not null,
  headers jsonb not null,
  input_file_id text not null,
  completion_window text not null,
  metadata jsonb,
  output_expires_after_s integer,
  status text not null,
  errors jsonb,
  model text,
  lines_total integer default 0 not null,
  lines_succeeded integer default 0 not null,
  lines_errored integer default 0 not null,
  lines_cancelled integer default 0 not null,
  lines_expired integer default 0 not null,
  input_tokens bigint default 0 not null,
  cached_tokens bigint default 0 not null,
  output_tokens bigint default 0 not null,
  reasoning_tokens bigint default 0 not null,
  output_file_id text,
  error_file_id text,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  in_progress_at timestamp with time zone,
  finalizing_at timestamp with time zone,
  cancelling_at timestamp with time zone,
  ended_at timestamp with time zone,
  archived_at timestamp with time zone,
  owner text default 'project'::text not null,
  constraint batches_dialect_check CHECK ((dialect = ANY (ARRAY['openai'::text, 'anthropic'::text]))),
  constraint batches_status_check CHECK ((status = ANY (ARRAY['validating'::text, 'failed'::text, 'in_progress'::text, 'finalizing'::text, 'completed'::text, 'expired'::text, 'cancelling'::text, 'cancelled'::text]))),
  constraint batches_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX batches_by_owner ON public.batches USING btree (project_id, owner, id);
CREATE INDEX batches_kept ON public.batches USING btree (ended_at) WHERE ((archived_at IS NULL) AND (dialect = 'anthropic'::text));
alter table batches enable row level security;
create policy project_only on batches for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on batches to perdure_app;

create table blobs (
  run_id text not null,
  hash text not null,
  project_id text not null,
  data json not null,
  constraint blobs_pkey PRIMARY KEY (run_id, hash)
);
alter table blobs enable row level security;
create policy project_only on blobs for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on blobs to perdure_app;

create table block_versions (
  project_id text not null,
  scope text not null,
  path text not null,
  version integer not null,
  op text not null,
  key_id text,
  body bytea,
  label jsonb not null,
  principal text not null,
  run_id text,
  at timestamp with time zone not null,
  constraint block_versions_op_check CHECK ((op = ANY (ARRAY['write'::text, 'confirm'::text, 'rename'::text, 'delete'::text]))),
  constraint block_versions_pkey PRIMARY KEY (project_id, scope, path, version)
);
alter table block_versions enable row level security;
create policy project_only on block_versions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on block_versions to perdure_app;

create table blocks (
  project_id text not null,
  scope text not null,
  path text not null,
  version integer not null,
  key_id text not null,
  body bytea not null,
  size_bytes integer not null,
  tokens integer not null,
  tokens_max integer,
  read_only boolean default false not null,
  description text,
  label jsonb not null,
  principal text not null,
  run_id text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint blocks_pkey PRIMARY KEY (project_id, scope, path)
);
alter table blocks enable row level security;
create policy project_only on blocks for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on blocks to perdure_app;

create unlogged table cached_answers (
  project_id text not null,
  key text not null,
  topic text,
  vector real[],
  body bytea not null,
  ends bytea not null,
  facts jsonb not null,
  stored_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint cached_answers_pkey PRIMARY KEY (project_id, key)
);
CREATE INDEX cached_answers_by_topic ON public.cached_answers USING btree (project_id, topic, stored_at) WHERE (topic IS NOT NULL);
alter table cached_answers enable row level security;
create policy project_only on cached_answers for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on cached_answers to perdure_app;

create table change_cursors (
  project_id text not null,
  reader text not null,
  scope text not null,
  seq bigint not null,
  updated_at timestamp with time zone default now() not null,
  constraint change_cursors_pkey PRIMARY KEY (project_id, reader, scope)
);
alter table change_cursors enable row level security;
create policy project_only on change_cursors for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on change_cursors to perdure_app;

create table change_scopes (
  project_id text not null,
  scope text not null,
  seq bigint not null,
  kept_from bigint default 1 not null,
  constraint change_scopes_pkey PRIMARY KEY (project_id, scope)
);
alter table change_scopes enable row level security;
create policy project_only on change_scopes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on change_scopes to perdure_app;

create table changes (
  project_id text not null,
  scope text not null,
  seq bigint not null,
  entry text not null,
  kind text not null,
  op text not null,
  version_id text,
  principal text not null,
  at timestamp with time zone not null,
  constraint changes_pkey PRIMARY KEY (project_id, scope, seq)
);
alter table changes enable row level security;
create policy project_only on changes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on changes to perdure_app;

create table chunks (
  project_id text not null,
  vector_store_id text not null,
  document_id text not null,
  part integer not null,
  id text not null,
  heading text[] not null,
  body text not null,
  span_start integer not null,
  span_end integer not null,
  tokens integer not null,
  content_hash text,
  page_first integer,
  page_last integer,
  constraint chunks_project_id_vector_store_id_document_id_fkey FOREIGN KEY (project_id, vector_store_id, document_id) REFERENCES vector_store_segments(project_id, vector_store_id, document_id) ON DELETE CASCADE,
  constraint chunks_pkey PRIMARY KEY (project_id, vector_store_id, document_id, part)
);
CREATE INDEX chunks_by_content ON public.chunks USING btree (project_id, content_hash);
CREATE INDEX chunks_by_id ON public.chunks USING btree (project_id, id);
alter table chunks enable row level security;
create policy project_only on chunks for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on chunks to perdure_app;

create table conversation_items (
  project_id text not null,
  conversation_id text not null,
  "position" integer not null,
  id text not null,
  item jsonb not null,
  label jsonb not null,
  run_id text,
  created_at timestamp with time zone not null,
  constraint conversation_items_project_id_conversation_id_fkey FOREIGN KEY (project_id, conversation_id) REFERENCES conversations(project_id, id) ON DELETE CASCADE,
  constraint conversation_items_pkey PRIMARY KEY (project_id, conversation_id, "position"),
  constraint conversation_items_project_id_conversation_id_id_key UNIQUE (project_id, conversation_id, id)
);
alter table conversation_items enable row level security;
create policy project_only on conversation_items for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on conversation_items to perdure_app;

create table conversations (
  project_id text not null,
  id text not null,
  metadata jsonb not null,
  items integer default 0 not null,
  created_at timestamp with time zone not null,
  owner text default 'project'::text not null,
  constraint conversations_pkey PRIMARY KEY (project_id, id)
);
alter table conversations enable row level security;
create policy project_only on conversations for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on conversations to perdure_app;

create table corrections (
  project_id text not null,
  episode_id text not null,
  corrects text not null,
  constraint corrections_project_id_corrects_fkey FOREIGN KEY (project_id, corrects) REFERENCES episodes(project_id, id) ON DELETE CASCADE,
  constraint corrections_project_id_episode_id_fkey FOREIGN KEY (project_id, episode_id) REFERENCES episodes(project_id, id) ON DELETE CASCADE,
  constraint corrections_pkey PRIMARY KEY (project_id, episode_id)
);
CREATE INDEX corrections_by_corrected ON public.corrections USING btree (project_id, corrects);
alter table corrections enable row level security;
create policy project_only on corrections for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on corrections to perdure_app;

create table data_keys (
  project_id text not null,
  id text not null,
  subject text not null,
  wrapped bytea,
  created_at timestamp with time zone not null,
  destroyed_at timestamp with time zone,
  wrapped_by text,
  constraint data_keys_check CHECK (((wrapped IS NULL) = (destroyed_at IS NOT NULL))),
  constraint data_keys_pkey PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX data_keys_live ON public.data_keys USING btree (project_id, subject) WHERE (destroyed_at IS NULL);
alter table data_keys enable row level security;
create policy project_only on data_keys for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on data_keys to perdure_app;

create table derivations (
  project_id text not null,
  child text not null,
  parent_kind text not null,
  parent text not null,
  quote_start integer,
  quote_end integer,
  constraint derivations_parent_kind_check CHECK ((parent_kind = ANY (ARRAY['episode'::text, 'version'::text, 'chunk'::text]))),
  constraint derivations_project_id_child_fkey FOREIGN KEY (project_id, child) REFERENCES memory_versions(project_id, id) ON DELETE CASCADE,
  constraint derivations_pkey PRIMARY KEY (project_id, child, parent)
);
CREATE INDEX derivations_by_parent ON public.derivations USING btree (project_id, parent);
alter table derivations enable row level security;
create policy project_only on derivations for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on derivations to perdure_app;

create table embedding_spaces (
  project_id text not null,
  space text not null,
  since timestamp with time zone not null,
  constraint embedding_spaces_pkey PRIMARY KEY (project_id)
);
alter table embedding_spaces enable row level security;
create policy project_only on embedding_spaces for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on embedding_spaces to perdure_app;

create table embeddings (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part integer not null,
  piece integer not null,
  model text not null,
  place integer not null,
  lane text not null,
  version bigint not null,
  large boolean not null,
  embedding vector not null,
  constraint embeddings_pkey PRIMARY KEY (project_id, scope_id, document_id, part, piece, large)
);
CREATE INDEX embeddings_by_place ON ONLY public.embeddings USING btree (project_id, scope_id, place);
CREATE INDEX embeddings_by_version ON ONLY public.embeddings USING btree (project_id, scope_id, version);
alter table embeddings enable row level security;
create policy project_only on embeddings for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on embeddings to perdure_app;

create table episode_files (
  project_id text not null,
  episode_id text not null,
  file_id text not null,
  constraint episode_files_project_id_episode_id_fkey FOREIGN KEY (project_id, episode_id) REFERENCES episodes(project_id, id) ON DELETE CASCADE,
  constraint episode_files_pkey PRIMARY KEY (project_id, episode_id, file_id)
);
CREATE INDEX episode_files_by_file ON public.episode_files USING btree (project_id, file_id);
alter table episode_files enable row level security;
create policy project_only on episode_files for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on episode_files to perdure_app;

create table episode_parents (
  project_id text not null,
  child text not null,
  parent_kind text not null,
  parent text not null,
  constraint episode_parents_parent_kind_check CHECK ((parent_kind = ANY (ARRAY['episode'::text, 'version'::text]))),
  constraint episode_parents_project_id_child_fkey FOREIGN KEY (project_id, child) REFERENCES episodes(project_id, id) ON DELETE CASCADE,
  constraint episode_parents_pkey PRIMARY KEY (project_id, child, parent)
);
CREATE INDEX episode_parents_by_parent ON public.episode_parents USING btree (project_id, parent);
alter table episode_parents enable row level security;
create policy project_only on episode_parents for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on episode_parents to perdure_app;

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
  body bytea,
  content_hash text not null,
  tokens integer not null,
  occurred_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  valid_from timestamp with time zone,
  valid_to timestamp with time zone,
  expired_at timestamp with time zone,
  ended_by text,
  label jsonb not null,
  integrity smallint not null,
  directive boolean not null,
  recalled_from text[] not null,
  principal text not null,
  run_id text,
  upkept_at timestamp with time zone,
  extracted_at timestamp with time zone,
  pinned_at timestamp with time zone,
  constraint episodes_check CHECK (((expired_at IS NULL) = (ended_by IS NULL))),
  constraint episodes_ended_by_check CHECK ((ended_by = ANY (ARRAY['retract'::text, 'revoke'::text, 'redact'::text, 'expire'::text]))),
  constraint episodes_project_id_key_id_fkey FOREIGN KEY (project_id, key_id) REFERENCES data_keys(project_id, id),
  constraint episodes_project_id_scope_fkey FOREIGN KEY (project_id, scope) REFERENCES scopes(project_id, path),
  constraint episodes_project_id_source_id_fkey FOREIGN KEY (project_id, source_id) REFERENCES sources(project_id, id),
  constraint episodes_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX episodes_by_conversation ON public.episodes USING btree (project_id, scope, COALESCE(conversation_id, ''::text), id) WHERE (session IS NOT NULL);
CREATE INDEX episodes_by_item ON public.episodes USING btree (project_id, scope, item_id) WHERE (item_id IS NOT NULL);
CREATE INDEX episodes_by_scope ON public.episodes USING btree (project_id, scope, id);
CREATE INDEX episodes_by_session ON public.episodes USING btree (project_id, scope, session, id) WHERE (session IS NOT NULL);
CREATE INDEX episodes_by_source ON public.episodes USING btree (project_id, source_id);
CREATE UNIQUE INDEX episodes_live ON public.episodes USING btree (project_id, scope, source_id, content_hash) WHERE (expired_at IS NULL);
CREATE INDEX episodes_pinned ON public.episodes USING btree (project_id, scope, id) WHERE (pinned_at IS NOT NULL);
CREATE INDEX episodes_to_extract ON public.episodes USING btree (project_id, scope, id) WHERE ((extracted_at IS NULL) AND (expired_at IS NULL));
CREATE INDEX episodes_to_remove ON public.episodes USING btree (project_id, scope, occurred_at) WHERE ((expired_at IS NOT NULL) AND (body IS NOT NULL));
CREATE INDEX episodes_to_upkeep ON public.episodes USING btree (project_id, scope, id) WHERE (upkept_at IS NULL);
alter table episodes enable row level security;
create policy project_only on episodes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on episodes to perdure_app;

create table erasure_texts (
  project_id text not null,
  erasure_id text not null,
  id text not null,
  key_id text not null,
  body bytea not null,
  constraint erasure_texts_project_id_erasure_id_fkey FOREIGN KEY (project_id, erasure_id) REFERENCES erasures(project_id, id) ON DELETE CASCADE,
  constraint erasure_texts_pkey PRIMARY KEY (project_id, erasure_id, id)
);
alter table erasure_texts enable row level security;
create policy project_only on erasure_texts for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on erasure_texts to perdure_app;

create table erasures (
  project_id text not null,
  id text not null,
  run_id text not null,
  principal text not null,
  target_kind text not null,
  target text,
  within_scope text,
  dry_run boolean not null,
  status text not null,
  receipt jsonb,
  receipt_hash text,
  created_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  constraint erasures_status_check CHECK ((status = ANY (ARRAY['in_progress'::text, 'completed'::text, 'incomplete'::text, 'failed'::text]))),
  constraint erasures_target_kind_check CHECK ((target_kind = ANY (ARRAY['subject'::text, 'source'::text, 'scope'::text, 'query'::text]))),
  constraint erasures_pkey PRIMARY KEY (project_id, id)
);
alter table erasures enable row level security;
create policy project_only on erasures for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on erasures to perdure_app;

create table executors (
  id uuid not null,
  seen timestamp with time zone default now() not null,
  lease_ms integer not null,
  roles text not null,
  capacity integer not null,
  constraint executors_pkey PRIMARY KEY (id)
) with (autovacuum_vacuum_threshold=50, fillfactor=50);

create table experiment_arms (
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  requests bigint not null,
  completed bigint not null,
  failed bigint not null,
  cost_micro_usd double precision not null,
  cost_unknown bigint not null,
  latency_ms double precision not null,
  output_tokens double precision not null,
  constraint experiment_arms_pkey PRIMARY KEY (project_id, name, variant, content)
) with (fillfactor=50);
alter table experiment_arms enable row level security;
create policy project_only on experiment_arms for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiment_arms to perdure_app;

create table experiment_ends (
  id bigint generated always as identity not null,
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  completed boolean not null,
  failed boolean not null,
  cost_micro_usd double precision not null,
  cost_known boolean not null,
  latency_ms double precision not null,
  output_tokens double precision not null,
  constraint experiment_ends_pkey PRIMARY KEY (id)
);
CREATE INDEX experiment_ends_name ON public.experiment_ends USING btree (project_id, name);
alter table experiment_ends enable row level security;
create policy project_only on experiment_ends for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiment_ends to perdure_app;

create table experiment_log (
  project_id text not null,
  name text not null,
  id bigint generated always as identity not null,
  at timestamp with time zone default now() not null,
  kind text not null,
  reason text not null,
  principal text,
  before jsonb,
  after jsonb,
  posterior jsonb,
  constraint experiment_log_pkey PRIMARY KEY (project_id, name, id)
);
alter table experiment_log enable row level security;
create policy project_only on experiment_log for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiment_log to perdure_app;

create table experiment_scores (
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  score text not null,
  count bigint not null,
  sum double precision not null,
  squares double precision not null,
  outside bigint not null,
  constraint experiment_scores_pkey PRIMARY KEY (project_id, name, variant, content, score)
) with (fillfactor=50);
alter table experiment_scores enable row level security;
create policy project_only on experiment_scores for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiment_scores to perdure_app;

create table experiment_states (
  project_id text not null,
  name text not null,
  status text default 'running'::text not null,
  winner text,
  weights jsonb,
  basis text not null,
  sampled_at timestamp with time zone,
  constraint experiment_states_check CHECK (((status = 'promoted'::text) = (winner IS NOT NULL))),
  constraint experiment_states_status_check CHECK ((status = ANY (ARRAY['running'::text, 'paused'::text, 'promoted'::text]))),
  constraint experiment_states_pkey PRIMARY KEY (project_id, name)
);
alter table experiment_states enable row level security;
create policy project_only on experiment_states for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiment_states to perdure_app;

create table experiments (
  project_id text not null,
  name text not null,
  definition jsonb not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  constraint experiments_pkey PRIMARY KEY (project_id, name)
);
alter table experiments enable row level security;
create policy project_only on experiments for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on experiments to perdure_app;

create table feedback (
  project_id text not null,
  id text not null,
  run_id text not null,
  name text not null,
  idempotency_key text not null,
  value jsonb not null,
  comment text,
  principal text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  experiment jsonb,
  constraint feedback_pkey PRIMARY KEY (project_id, id),
  constraint feedback_project_id_run_id_name_idempotency_key_key UNIQUE (project_id, run_id, name, idempotency_key)
);
CREATE INDEX feedback_created ON public.feedback USING btree (project_id, created_at);
alter table feedback enable row level security;
create policy project_only on feedback for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on feedback to perdure_app;

create table file_parts (
  project_id text not null,
  file_id text not null,
  part integer not null,
  content bytea not null,
  constraint file_parts_project_id_file_id_fkey FOREIGN KEY (project_id, file_id) REFERENCES files(project_id, id) ON DELETE CASCADE,
  constraint file_parts_pkey PRIMARY KEY (project_id, file_id, part)
);
alter table file_parts enable row level security;
create policy project_only on file_parts for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on file_parts to perdure_app;

create table files (
  project_id text not null,
  id text not null,
  filename text not null,
  purpose text not null,
  media_type text,
  bytes bigint not null,
  sha256 text not null,
  principal text not null,
  label jsonb not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  is_complete boolean default true not null,
  owner text default 'project'::text not null,
  constraint files_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX files_by_expiry ON public.files USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX files_by_owner ON public.files USING btree (project_id, owner, id);
alter table files enable row level security;
create policy project_only on files for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on files to perdure_app;

create table flat_memories (
  project_id text not null,
  id text not null,
  scope text not null,
  body text not null,
  metadata jsonb not null,
  principal text not null,
  run_id text,
  label jsonb not null,
  valid_from timestamp with time zone,
  valid_to timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint flat_memories_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX flat_memories_by_scope ON public.flat_memories USING btree (project_id, scope, id);
alter table flat_memories enable row level security;
create policy project_only on flat_memories for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on flat_memories to perdure_app;

create table index_entries (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  lane text not null,
  place integer not null,
  parts integer not null,
  length double precision not null,
  session integer not null,
  speaker integer not null,
  constraint index_entries_pkey PRIMARY KEY (project_id, scope_id, document_id)
);
CREATE UNIQUE INDEX index_entries_by_place ON public.index_entries USING btree (project_id, scope_id, place);
alter table index_entries enable row level security;
create policy project_only on index_entries for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on index_entries to perdure_app;

create table large_embeddings (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part integer not null,
  piece integer not null,
  model text not null,
  place integer not null,
  lane text not null,
  version bigint not null,
  large boolean not null,
  embedding vector not null,
  constraint large_embeddings_pkey PRIMARY KEY (project_id, scope_id, document_id, part, piece, large)
);
CREATE INDEX large_embeddings_1024 ON public.large_embeddings USING hnsw (((embedding)::vector(1024)) vector_ip_ops) WHERE (vector_dims(embedding) = 1024);
CREATE INDEX large_embeddings_1536 ON public.large_embeddings USING hnsw (((embedding)::vector(1536)) vector_ip_ops) WHERE (vector_dims(embedding) = 1536);
CREATE INDEX large_embeddings_256 ON public.large_embeddings USING hnsw (((embedding)::vector(256)) vector_ip_ops) WHERE (vector_dims(embedding) = 256);
CREATE INDEX large_embeddings_384 ON public.large_embeddings USING hnsw (((embedding)::vector(384)) vector_ip_ops) WHERE (vector_dims(embedding) = 384);
CREATE INDEX large_embeddings_512 ON public.large_embeddings USING hnsw (((embedding)::vector(512)) vector_ip_ops) WHERE (vector_dims(embedding) = 512);
CREATE INDEX large_embeddings_768 ON public.large_embeddings USING hnsw (((embedding)::vector(768)) vector_ip_ops) WHERE (vector_dims(embedding) = 768);
CREATE INDEX large_embeddings_project_id_scope_id_place_idx ON public.large_embeddings USING btree (project_id, scope_id, place);
CREATE INDEX large_embeddings_project_id_scope_id_version_idx ON public.large_embeddings USING btree (project_id, scope_id, version);

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
  started_at timestamp with time zone not null,
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
  tags jsonb,
  price_list text,
  metadata jsonb,
  constraint light_runs_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX light_runs_by_user ON public.light_runs USING btree (project_id, end_user, id) WHERE (end_user IS NOT NULL);
CREATE INDEX light_runs_experiment ON public.light_runs USING btree (project_id, (((data -> 'experiment'::text) ->> 'name'::text)), id) WHERE (data ? 'experiment'::text);
CREATE INDEX light_runs_prompt ON public.light_runs USING btree (project_id, (((data -> 'prompt'::text) ->> 'id'::text)), id) WHERE (data ? 'prompt'::text);
CREATE INDEX light_runs_started ON public.light_runs USING brin (started_at);
alter table light_runs enable row level security;
create policy project_only on light_runs for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on light_runs to perdure_app;

create table limit_counters (
  id text not null,
  project_id text,
  kind text not null,
  rule text not null,
  unit text not null,
  per text,
  scope text not null,
  window_end timestamp with time zone,
  amount bigint not null,
  used bigint default 0 not null,
  held bigint default 0 not null,
  arrival double precision default 0 not null,
  updated_at timestamp with time zone default now() not null,
  constraint limit_counters_kind_check CHECK ((kind = ANY (ARRAY['budget'::text, 'rate'::text, 'concurrent'::text]))),
  constraint limit_counters_pkey PRIMARY KEY (id)
);
CREATE INDEX limit_counters_project ON public.limit_counters USING btree (project_id);
alter table limit_counters enable row level security;
create policy project_only on limit_counters for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on limit_counters to perdure_app;

create table limit_holders (
  id uuid not null,
  expires_at timestamp with time zone not null,
  constraint limit_holders_pkey PRIMARY KEY (id)
);

create table limit_leases (
  counter_id text not null,
  holder uuid not null,
  held bigint default 0 not null,
  used bigint default 0 not null,
  reserved bigint default 0 not null,
  constraint limit_leases_pkey PRIMARY KEY (counter_id, holder)
);
CREATE INDEX limit_leases_holder ON public.limit_leases USING btree (holder);

create table memories (
  project_id text not null,
  id text not null,
  scope text not null,
  kind text not null,
  slot text,
  created_at timestamp with time zone not null,
  pinned_at timestamp with time zone,
  constraint memories_kind_check CHECK ((kind = ANY (ARRAY['fact'::text, 'preference'::text, 'event'::text, 'procedure'::text, 'reflection'::text, 'summary'::text, 'timeline'::text, 'profile'::text]))),
  constraint memories_project_id_scope_fkey FOREIGN KEY (project_id, scope) REFERENCES scopes(project_id, path),
  constraint memories_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX memories_by_scope ON public.memories USING btree (project_id, scope, id);
CREATE UNIQUE INDEX memories_by_slot ON public.memories USING btree (project_id, scope, slot) WHERE (slot IS NOT NULL);
CREATE INDEX memories_pinned ON public.memories USING btree (project_id, scope, id) WHERE (pinned_at IS NOT NULL);
alter table memories enable row level security;
create policy project_only on memories for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memories to perdure_app;

create table memory_entities (
  project_id text not null,
  id text not null,
  scope text not null,
  key_id text not null,
  body bytea,
  created_at timestamp with time zone not null,
  constraint memory_entities_project_id_key_id_fkey FOREIGN KEY (project_id, key_id) REFERENCES data_keys(project_id, id),
  constraint memory_entities_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX memory_entities_by_scope ON public.memory_entities USING btree (project_id, scope);
alter table memory_entities enable row level security;
create policy project_only on memory_entities for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_entities to perdure_app;

create table memory_entity_names (
  project_id text not null,
  scope text not null,
  name_hash text not null,
  entity_id text not null,
  trigrams integer[] not null,
  constraint memory_entity_names_project_id_entity_id_fkey FOREIGN KEY (project_id, entity_id) REFERENCES memory_entities(project_id, id) ON DELETE CASCADE,
  constraint memory_entity_names_pkey PRIMARY KEY (project_id, scope, name_hash)
);
CREATE INDEX memory_entity_names_by_entity ON public.memory_entity_names USING btree (project_id, entity_id);
alter table memory_entity_names enable row level security;
create policy project_only on memory_entity_names for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_entity_names to perdure_app;

create table memory_mentions (
  project_id text not null,
  entity_id text not null,
  episode_id text,
  memory_id text,
  is_subject boolean not null,
  constraint memory_mentions_check CHECK (((episode_id IS NULL) <> (memory_id IS NULL))),
  constraint memory_mentions_project_id_entity_id_fkey FOREIGN KEY (project_id, entity_id) REFERENCES memory_entities(project_id, id) ON DELETE CASCADE,
  constraint memory_mentions_project_id_episode_id_fkey FOREIGN KEY (project_id, episode_id) REFERENCES episodes(project_id, id) ON DELETE CASCADE,
  constraint memory_mentions_project_id_memory_id_fkey FOREIGN KEY (project_id, memory_id) REFERENCES memories(project_id, id) ON DELETE CASCADE
);
CREATE INDEX memory_mentions_by_episode ON public.memory_mentions USING btree (project_id, episode_id) WHERE (episode_id IS NOT NULL);
CREATE INDEX memory_mentions_by_memory ON public.memory_mentions USING btree (project_id, memory_id) WHERE (memory_id IS NOT NULL);
CREATE UNIQUE INDEX memory_mentions_of_episode ON public.memory_mentions USING btree (project_id, entity_id, episode_id) WHERE (episode_id IS NOT NULL);
CREATE UNIQUE INDEX memory_mentions_of_memory ON public.memory_mentions USING btree (project_id, entity_id, memory_id) WHERE (memory_id IS NOT NULL);
alter table memory_mentions enable row level security;
create policy project_only on memory_mentions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_mentions to perdure_app;

create table memory_reviews (
  project_id text not null,
  id text not null,
  scope text not null,
  entry_id text not null,
  reason text not null,
  created_at timestamp with time zone not null,
  resolved_at timestamp with time zone,
  resolved_by text,
  resolution text,
  constraint memory_reviews_reason_check CHECK ((reason = ANY (ARRAY['contradiction'::text, 'directive'::text, 'support'::text, 'corroborated'::text]))),
  constraint memory_reviews_resolution_check CHECK ((resolution = ANY (ARRAY['confirmed'::text, 'rejected'::text]))),
  constraint memory_reviews_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX memory_reviews_by_scope ON public.memory_reviews USING btree (project_id, scope, id) WHERE (resolved_at IS NULL);
CREATE UNIQUE INDEX memory_reviews_open ON public.memory_reviews USING btree (project_id, entry_id, reason) WHERE (resolved_at IS NULL);
alter table memory_reviews enable row level security;
create policy project_only on memory_reviews for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_reviews to perdure_app;

create table memory_sessions (
  project_id text not null,
  scope text not null,
  session text not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_by text,
  digested_at timestamp with time zone,
  constraint memory_sessions_ended_by_check CHECK ((ended_by = ANY (ARRAY['gap'::text, 'conversation'::text]))),
  constraint memory_sessions_pkey PRIMARY KEY (project_id, scope, session)
);
CREATE INDEX memory_sessions_open ON public.memory_sessions USING btree (project_id, scope, last_at) WHERE (ended_at IS NULL);
alter table memory_sessions enable row level security;
create policy project_only on memory_sessions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_sessions to perdure_app;

create table memory_spend (
  project_id text not null,
  scope text not null,
  day date not null,
  calls integer not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cost_micro_usd bigint not null,
  constraint memory_spend_pkey PRIMARY KEY (project_id, scope, day)
);
alter table memory_spend enable row level security;
create policy project_only on memory_spend for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_spend to perdure_app;

create table memory_upkeep (
  project_id text not null,
  scope text not null,
  generation integer default 0 not null,
  generation_at timestamp with time zone not null,
  principal text not null,
  due_at timestamp with time zone,
  failures integer default 0 not null,
  error text,
  consolidated_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint memory_upkeep_project_id_scope_fkey FOREIGN KEY (project_id, scope) REFERENCES scopes(project_id, path) ON DELETE CASCADE,
  constraint memory_upkeep_pkey PRIMARY KEY (project_id, scope)
);
CREATE INDEX memory_upkeep_due ON public.memory_upkeep USING btree (due_at) WHERE (due_at IS NOT NULL);
alter table memory_upkeep enable row level security;
create policy project_only on memory_upkeep for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_upkeep to perdure_app;

create table memory_versions (
  project_id text not null,
  id text not null,
  memory_id text not null,
  scope text not null,
  key_id text not null,
  body bytea,
  content_hash text not null,
  valid_from timestamp with time zone,
  valid_to timestamp with time zone,
  recorded_at timestamp with time zone not null,
  expired_at timestamp with time zone,
  ended_by text,
  replaced_from timestamp with time zone,
  op text not null,
  supersedes text,
  head boolean not null,
  label jsonb not null,
  integrity smallint not null,
  directive boolean not null,
  confidence real not null,
  salience real not null,
  tokens integer not null,
  principal text not null,
  run_id text,
  model text,
  prompt_hash text,
  lapses_at timestamp with time zone,
  ended_integrity smallint,
  upkept_at timestamp with time zone,
  constraint memory_versions_check CHECK (((expired_at IS NULL) = (ended_by IS NULL))),
  constraint memory_versions_check1 CHECK (((NOT head) OR (expired_at IS NULL))),
  constraint memory_versions_ended_by_check CHECK ((ended_by = ANY (ARRAY['refine'::text, 'supersede'::text, 'retract'::text, 'revoke'::text, 'redact'::text, 'expire'::text]))),
  constraint memory_versions_op_check CHECK ((op = ANY (ARRAY['assert'::text, 'refine'::text, 'supersede'::text, 'contradict'::text]))),
  constraint memory_versions_project_id_key_id_fkey FOREIGN KEY (project_id, key_id) REFERENCES data_keys(project_id, id),
  constraint memory_versions_project_id_memory_id_fkey FOREIGN KEY (project_id, memory_id) REFERENCES memories(project_id, id) ON DELETE CASCADE,
  constraint memory_versions_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX memory_versions_by_content ON public.memory_versions USING btree (project_id, scope, content_hash) WHERE (expired_at IS NULL);
CREATE INDEX memory_versions_by_memory ON public.memory_versions USING btree (project_id, memory_id, id);
CREATE INDEX memory_versions_by_scope ON public.memory_versions USING btree (project_id, scope, id);
CREATE UNIQUE INDEX memory_versions_head ON public.memory_versions USING btree (project_id, memory_id) WHERE head;
CREATE INDEX memory_versions_lapsing ON public.memory_versions USING btree (project_id, lapses_at) WHERE ((expired_at IS NULL) AND (lapses_at IS NOT NULL));
CREATE INDEX memory_versions_to_upkeep ON public.memory_versions USING btree (project_id, scope, id) WHERE (upkept_at IS NULL);
alter table memory_versions enable row level security;
create policy project_only on memory_versions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_versions to perdure_app;

create table memory_work (
  project_id text not null,
  scope text not null,
  content_hash text not null,
  step text not null,
  version text not null,
  state text not null,
  attempts integer not null,
  retry_at timestamp with time zone,
  error text,
  facts integer default 0 not null,
  refused integer default 0 not null,
  model text,
  at timestamp with time zone not null,
  constraint memory_work_state_check CHECK ((state = ANY (ARRAY['done'::text, 'failed'::text, 'waiting'::text]))),
  constraint memory_work_step_check CHECK ((step = 'extract'::text)),
  constraint memory_work_pkey PRIMARY KEY (project_id, scope, content_hash, step, version)
);
CREATE INDEX memory_work_unfinished ON public.memory_work USING btree (project_id, scope, state) WHERE (state <> 'done'::text);
alter table memory_work enable row level security;
create policy project_only on memory_work for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on memory_work to perdure_app;

create table projects (
  id text not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  constraint projects_pkey PRIMARY KEY (id)
);

create table prompt_changes (
  project_id text not null,
  version bigint not null,
  constraint prompt_changes_pkey PRIMARY KEY (project_id)
);
alter table prompt_changes enable row level security;
create policy project_only on prompt_changes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on prompt_changes to perdure_app;

create table prompt_labels (
  project_id text not null,
  name text not null,
  label text not null,
  version integer not null,
  constraint prompt_labels_project_id_name_version_fkey FOREIGN KEY (project_id, name, version) REFERENCES prompt_versions(project_id, name, version) ON DELETE CASCADE,
  constraint prompt_labels_pkey PRIMARY KEY (project_id, name, label)
);
alter table prompt_labels enable row level security;
create policy project_only on prompt_labels for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on prompt_labels to perdure_app;

create table prompt_versions (
  project_id text not null,
  name text not null,
  version integer not null,
  content jsonb not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  constraint prompt_versions_pkey PRIMARY KEY (project_id, name, version)
);
alter table prompt_versions enable row level security;
create policy project_only on prompt_versions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on prompt_versions to perdure_app;

create table prompts (
  project_id text not null,
  name text not null,
  last_version integer not null,
  constraint prompts_pkey PRIMARY KEY (project_id, name)
);
alter table prompts enable row level security;
create policy project_only on prompts for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on prompts to perdure_app;

create table recalled (
  project_id text not null,
  entry_id text not null,
  run_id text not null,
  seq integer not null,
  recalled_at timestamp with time zone not null,
  constraint recalled_pkey PRIMARY KEY (project_id, entry_id, run_id, seq)
);
CREATE INDEX recalled_by_run ON public.recalled USING btree (project_id, run_id);
alter table recalled enable row level security;
create policy project_only on recalled for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on recalled to perdure_app;

create table run_events (
  run_id text not null,
  seq integer not null,
  project_id text not null,
  attempt integer not null,
  type text not null,
  data json,
  label jsonb,
  blob text,
  at timestamp with time zone not null,
  constraint run_events_pkey PRIMARY KEY (run_id, seq)
);
alter table run_events enable row level security;
create policy project_only on run_events for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on run_events to perdure_app;

create table runs (
  id text not null,
  project_id text not null,
  principal text not null,
  end_user text,
  kind text not null,
  name text not null,
  title text,
  version text default ''::text not null,
  status text not null,
  parent_id text,
  conversation_id text,
  model text,
  priority integer default 0 not null,
  executor uuid,
  token uuid,
  attempt integer default 0 not null,
  deaths integer default 0 not null,
  wake_at timestamp with time zone,
  waits jsonb,
  deadline_at timestamp with time zone,
  cancel_reason text,
  label jsonb not null,
  input json not null,
  output json,
  error jsonb,
  metadata json,
  input_tokens bigint default 0 not null,
  output_tokens bigint default 0 not null,
  cached_tokens bigint default 0 not null,
  reasoning_tokens bigint default 0 not null,
  cost_micro_usd bigint default 0 not null,
  cost_known boolean default true not null,
  first_token_ms integer,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  constraint runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'waiting'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'incomplete'::text, 'in_doubt'::text, 'needs_migration'::text, 'poisoned'::text]))),
  constraint runs_token_while_running CHECK (((status = 'running'::text) = (token IS NOT NULL))),
  constraint runs_pkey PRIMARY KEY (id)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=500, fillfactor=70);
CREATE INDEX runs_by_user ON public.runs USING btree (project_id, end_user, id) WHERE (end_user IS NOT NULL);
CREATE INDEX runs_conversation ON public.runs USING btree (conversation_id, id) WHERE (conversation_id IS NOT NULL);
CREATE INDEX runs_experiment ON public.runs USING btree (project_id, (((metadata -> 'experiment'::text) ->> 'name'::text)), id) WHERE ((kind = 'response'::text) AND (json_typeof((metadata -> 'experiment'::text)) = 'object'::text));
CREATE INDEX runs_parent ON public.runs USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX runs_project ON public.runs USING btree (project_id, id);
CREATE INDEX runs_prompt ON public.runs USING btree (project_id, (((metadata -> 'prompt'::text) ->> 'id'::text)), id) WHERE ((kind = 'response'::text) AND (json_typeof((metadata -> 'prompt'::text)) = 'object'::text));
CREATE INDEX runs_queued ON public.runs USING btree (priority, id) WHERE (status = 'queued'::text);
CREATE INDEX runs_running ON public.runs USING btree (executor) WHERE (status = 'running'::text);
CREATE INDEX runs_stuck ON public.runs USING btree (kind, name) WHERE (status = 'needs_migration'::text);
CREATE INDEX runs_wake ON public.runs USING btree (wake_at) WHERE ((status = 'waiting'::text) AND (wake_at IS NOT NULL));
alter table runs enable row level security;
create policy project_only on runs for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on runs to perdure_app;

create table schema_migrations (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migrations_pkey PRIMARY KEY (name)
);

create table scope_grants (
  project_id text not null,
  scope text not null,
  grantee_kind text not null,
  grantee text not null,
  can text[] not null,
  created_at timestamp with time zone not null,
  constraint scope_grants_grantee_kind_check CHECK ((grantee_kind = ANY (ARRAY['principal'::text, 'user'::text]))),
  constraint scope_grants_project_id_scope_fkey FOREIGN KEY (project_id, scope) REFERENCES scopes(project_id, path) ON DELETE CASCADE,
  constraint scope_grants_pkey PRIMARY KEY (project_id, scope, grantee_kind, grantee)
);
CREATE INDEX scope_grants_by_grantee ON public.scope_grants USING btree (project_id, grantee_kind, grantee);
alter table scope_grants enable row level security;
create policy project_only on scope_grants for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on scope_grants to perdure_app;

create table scopes (
  project_id text not null,
  path text not null,
  kind text not null,
  parent text,
  retention_days integer,
  model_budget_micro_usd bigint,
  level_min smallint default 0 not null,
  created_at timestamp with time zone not null,
  closed boolean default false not null,
  constraint scopes_kind_check CHECK ((kind = ANY (ARRAY['project'::text, 'application'::text, 'agent'::text, 'user'::text, 'team'::text, 'thread'::text]))),
  constraint scopes_level_min_check CHECK (((level_min >= 0) AND (level_min <= 3))),
  constraint scopes_model_budget_micro_usd_check CHECK ((model_budget_micro_usd >= 0)),
  constraint scopes_retention_days_check CHECK ((retention_days > 0)),
  constraint scopes_pkey PRIMARY KEY (project_id, path)
);
alter table scopes enable row level security;
create policy project_only on scopes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on scopes to perdure_app;

create table settings (
  key text not null,
  value jsonb not null,
  updated_at timestamp with time zone default now() not null,
  constraint settings_pkey PRIMARY KEY (key)
);

create table signals (
  id bigint generated always as identity not null,
  run_id text not null,
  project_id text not null,
  name text not null,
  payload json,
  label jsonb not null,
  at timestamp with time zone default now() not null,
  constraint signals_pkey PRIMARY KEY (id)
);
CREATE INDEX signals_run ON public.signals USING btree (run_id, name, id);
alter table signals enable row level security;
create policy project_only on signals for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on signals to perdure_app;

create table small_embeddings (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part integer not null,
  piece integer not null,
  model text not null,
  place integer not null,
  lane text not null,
  version bigint not null,
  large boolean not null,
  embedding vector not null,
  constraint small_embeddings_pkey PRIMARY KEY (project_id, scope_id, document_id, part, piece, large)
);
CREATE INDEX small_embeddings_project_id_scope_id_place_idx ON public.small_embeddings USING btree (project_id, scope_id, place);
CREATE INDEX small_embeddings_project_id_scope_id_version_idx ON public.small_embeddings USING btree (project_id, scope_id, version);

create table sources (
  project_id text not null,
  id text not null,
  scope text not null,
  kind text not null,
  principal text not null,
  identity text not null,
  key_id text not null,
  body bytea,
  run_id text,
  label jsonb not null,
  integrity smallint not null,
  created_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  revoked_by text,
  reason text,
  constraint sources_kind_check CHECK ((kind = ANY (ARRAY['user'::text, 'agent'::text, 'tool'::text, 'web'::text, 'file'::text, 'import'::text, 'operator'::text]))),
  constraint sources_project_id_key_id_fkey FOREIGN KEY (project_id, key_id) REFERENCES data_keys(project_id, id),
  constraint sources_project_id_scope_fkey FOREIGN KEY (project_id, scope) REFERENCES scopes(project_id, path),
  constraint sources_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX sources_by_scope ON public.sources USING btree (project_id, scope, id);
CREATE UNIQUE INDEX sources_live ON public.sources USING btree (project_id, scope, identity) WHERE (revoked_at IS NULL);
alter table sources enable row level security;
create policy project_only on sources for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on sources to perdure_app;

create table spaces (
  project_id text not null,
  model text not null,
  fusion jsonb not null,
  dimensions integer not null,
  weights_hash text,
  fitted_at timestamp with time zone not null,
  constraint spaces_pkey PRIMARY KEY (project_id, model)
);
alter table spaces enable row level security;
create policy project_only on spaces for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on spaces to perdure_app;

create table state_versions (
  project_id text not null,
  scope text not null,
  key text not null,
  version integer not null,
  op text not null,
  key_id text,
  body bytea,
  label jsonb not null,
  principal text not null,
  run_id text,
  at timestamp with time zone not null,
  constraint state_versions_op_check CHECK ((op = ANY (ARRAY['write'::text, 'delete'::text]))),
  constraint state_versions_pkey PRIMARY KEY (project_id, scope, key, version)
);
alter table state_versions enable row level security;
create policy project_only on state_versions for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on state_versions to perdure_app;

create table states (
  project_id text not null,
  scope text not null,
  key text not null,
  version integer not null,
  key_id text not null,
  body bytea not null,
  label jsonb not null,
  principal text not null,
  run_id text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint states_pkey PRIMARY KEY (project_id, scope, key)
);
alter table states enable row level security;
create policy project_only on states for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on states to perdure_app;

create table token_vectors (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part integer not null,
  model text not null,
  asks boolean not null,
  vectors bytea not null,
  constraint token_vectors_pkey PRIMARY KEY (project_id, scope_id, document_id, part)
);
alter table token_vectors enable row level security;
create policy project_only on token_vectors for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on token_vectors to perdure_app;

create table upload_parts (
  project_id text not null,
  upload_id text not null,
  id text not null,
  bytes bigint not null,
  created_at timestamp with time zone not null,
  constraint upload_parts_project_id_upload_id_fkey FOREIGN KEY (project_id, upload_id) REFERENCES uploads(project_id, id) ON DELETE CASCADE,
  constraint upload_parts_pkey PRIMARY KEY (project_id, upload_id, id)
);
alter table upload_parts enable row level security;
create policy project_only on upload_parts for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on upload_parts to perdure_app;

create table uploads (
  project_id text not null,
  id text not null,
  filename text not null,
  purpose text not null,
  media_type text not null,
  bytes bigint not null,
  principal text not null,
  status text not null,
  file_id text,
  file_expires_after_s integer,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  owner text default 'project'::text not null,
  constraint uploads_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'completed'::text, 'cancelled'::text]))),
  constraint uploads_pkey PRIMARY KEY (project_id, id)
);
alter table uploads enable row level security;
create policy project_only on uploads for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on uploads to perdure_app;

create table used_login_tokens (
  id text not null,
  expires_at timestamp with time zone not null,
  constraint used_login_tokens_pkey PRIMARY KEY (id)
);

create table vector_scopes (
  project_id text not null,
  scope_id text not null,
  version bigint not null,
  rows bigint not null,
  stage smallint default 0 not null,
  constraint vector_scopes_pkey PRIMARY KEY (project_id, scope_id)
);
alter table vector_scopes enable row level security;
create policy project_only on vector_scopes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on vector_scopes to perdure_app;

create table vector_store_file_batches (
  project_id text not null,
  id text not null,
  vector_store_id text not null,
  principal text not null,
  run_id text not null,
  files_total integer not null,
  is_cancelled boolean default false not null,
  created_at timestamp with time zone not null,
  constraint vector_store_file_batches_project_id_vector_store_id_fkey FOREIGN KEY (project_id, vector_store_id) REFERENCES vector_stores(project_id, id) ON DELETE CASCADE,
  constraint vector_store_file_batches_pkey PRIMARY KEY (project_id, id)
);
alter table vector_store_file_batches enable row level security;
create policy project_only on vector_store_file_batches for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on vector_store_file_batches to perdure_app;

create table vector_store_files (
  project_id text not null,
  vector_store_id text not null,
  file_id text not null,
  run_id text not null,
  status text not null,
  error_code text,
  error_message text,
  attributes jsonb not null,
  chunk_tokens_max integer not null,
  chunk_overlap_tokens integer not null,
  usage_bytes bigint default 0 not null,
  created_at timestamp with time zone not null,
  stage text,
  parts_done integer default 0 not null,
  parts_total integer default 0 not null,
  replaces text,
  batch_id text,
  constraint vector_store_files_status_check CHECK ((status = ANY (ARRAY['in_progress'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
  constraint vector_store_files_project_id_file_id_fkey FOREIGN KEY (project_id, file_id) REFERENCES files(project_id, id) ON DELETE CASCADE,
  constraint vector_store_files_project_id_vector_store_id_fkey FOREIGN KEY (project_id, vector_store_id) REFERENCES vector_stores(project_id, id) ON DELETE CASCADE,
  constraint vector_store_files_pkey PRIMARY KEY (project_id, vector_store_id, file_id)
);
CREATE INDEX vector_store_files_by_age ON public.vector_store_files USING btree (project_id, vector_store_id, created_at, file_id);
CREATE INDEX vector_store_files_by_batch ON public.vector_store_files USING btree (project_id, batch_id) WHERE (batch_id IS NOT NULL);
CREATE INDEX vector_store_files_by_file ON public.vector_store_files USING btree (project_id, file_id);
alter table vector_store_files enable row level security;
create policy project_only on vector_store_files for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on vector_store_files to perdure_app;

create table vector_store_segments (
  project_id text not null,
  vector_store_id text not null,
  document_id text not null,
  file_id text not null,
  run_id text not null,
  first_position integer not null,
  parts integer not null,
  digest text not null,
  usage_bytes bigint not null,
  model text,
  span_base integer not null,
  page_base integer not null,
  is_live boolean not null,
  constraint vector_store_segments_project_id_vector_store_id_file_id_fkey FOREIGN KEY (project_id, vector_store_id, file_id) REFERENCES vector_store_files(project_id, vector_store_id, file_id) ON DELETE CASCADE,
  constraint vector_store_segments_pkey PRIMARY KEY (project_id, vector_store_id, document_id)
);
CREATE INDEX vector_store_segments_by_file ON public.vector_store_segments USING btree (project_id, vector_store_id, file_id);
CREATE INDEX vector_store_segments_hidden ON public.vector_store_segments USING btree (project_id, vector_store_id) WHERE (NOT is_live);
alter table vector_store_segments enable row level security;
create policy project_only on vector_store_segments for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on vector_store_segments to perdure_app;

create table vector_stores (
  project_id text not null,
  id text not null,
  name text,
  description text,
  metadata jsonb,
  expires_after_days integer,
  created_at timestamp with time zone not null,
  last_active_at timestamp with time zone not null,
  owner text default 'project'::text not null,
  constraint vector_stores_pkey PRIMARY KEY (project_id, id)
);
CREATE INDEX vector_stores_by_expiry ON public.vector_stores USING btree (last_active_at) WHERE (expires_after_days IS NOT NULL);
CREATE INDEX vector_stores_by_owner ON public.vector_stores USING btree (project_id, owner, id);
alter table vector_stores enable row level security;
create policy project_only on vector_stores for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on vector_stores to perdure_app;

create table word_deltas (
  project_id text not null,
  scope_id text not null,
  place integer not null,
  version bigint not null,
  lane text not null,
  session integer not null,
  speaker integer not null,
  lengths bytea not null,
  postings bytea not null,
  constraint word_deltas_pkey PRIMARY KEY (project_id, scope_id, place)
);
CREATE INDEX word_deltas_by_version ON public.word_deltas USING btree (project_id, scope_id, version);
alter table word_deltas enable row level security;
create policy project_only on word_deltas for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_deltas to perdure_app;

create table word_lanes (
  project_id text not null,
  scope_id text not null,
  lane text not null,
  parts bigint not null,
  length double precision not null,
  constraint word_lanes_pkey PRIMARY KEY (project_id, scope_id, lane)
);
alter table word_lanes enable row level security;
create policy project_only on word_lanes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_lanes to perdure_app;

create table word_places (
  project_id text not null,
  scope_id text not null,
  segment integer not null,
  lane text not null,
  level integer not null,
  version bigint not null,
  places bytea not null,
  constraint word_places_pkey PRIMARY KEY (project_id, scope_id, segment, lane)
);
alter table word_places enable row level security;
create policy project_only on word_places for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_places to perdure_app;

create table word_removals (
  project_id text not null,
  scope_id text not null,
  place integer not null,
  parts integer not null,
  version bigint not null,
  constraint word_removals_pkey PRIMARY KEY (project_id, scope_id, place)
);
CREATE INDEX word_removals_by_version ON public.word_removals USING btree (project_id, scope_id, version);
alter table word_removals enable row level security;
create policy project_only on word_removals for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_removals to perdure_app;

create table word_scopes (
  project_id text not null,
  scope_id text not null,
  version bigint not null,
  generation bigint default 1 not null,
  next_place integer default 0 not null,
  next_segment integer default 1 not null,
  constraint word_scopes_pkey PRIMARY KEY (project_id, scope_id)
);
alter table word_scopes enable row level security;
create policy project_only on word_scopes for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_scopes to perdure_app;

create table word_segments (
  project_id text not null,
  scope_id text not null,
  term bigint not null,
  segment integer not null,
  lane text not null,
  version bigint not null,
  postings bytea not null,
  constraint word_segments_pkey PRIMARY KEY (project_id, scope_id, term, segment, lane)
);
alter table word_segments enable row level security;
create policy project_only on word_segments for * to perdure_app using ((project_id = current_setting('perdure.project'::text, true))) with check ((project_id = current_setting('perdure.project'::text, true)));
grant delete, insert, select, update on word_segments to perdure_app;

CREATE OR REPLACE FUNCTION public.perdure_check_children()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from derivations d,
      lateral (select from memory_versions v where v.project_id = d.project_id and v.id = d.child and v.expired_at is null offset 0) live
    where d.project_id = old.project_id and d.parent = old.id;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_check_derivation()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform perdure_refuse_unsupported(old.project_id, old.child);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_check_source()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from episodes e join derivations d on d.project_id = e.project_id and d.parent = e.id,
      lateral (select from memory_versions v where v.project_id = d.project_id and v.id = d.child and v.expired_at is null offset 0) live
    where e.project_id = new.project_id and e.source_id = new.id;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_check_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform perdure_refuse_unsupported(new.project_id, new.id);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_data_key_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('perdure_data_keys', old.id);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_flush(p_executor uuid, p_runs text[], p_tokens uuid[], p_parents text[], p_starts json, p_events json, p_ends json, p_payload text)
 RETURNS TABLE(rejected text[], inserted integer, woken boolean)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.perdure_is_supported(project text, version text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.perdure_key_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' then
    perform pg_notify('perdure_keys', old.id);
    return old;
  end if;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
    new.updated_at := clock_timestamp();
  end if;
  perform pg_notify('perdure_keys', new.id);
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_limit_free(c limit_counters, p_amount bigint, p_burst bigint, p_interval double precision, at double precision)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when c.kind = 'rate'
    then floor((at + p_burst * p_interval - greatest(c.arrival, at)) / p_interval + 1e-6)::bigint - c.held
    else p_amount - c.used - c.held end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_limits(p_holder uuid, p_lease_ms integer, p_ops json)
 RETURNS TABLE(id text, granted bigint, kept bigint, used bigint, others bigint, free bigint, debt_ms double precision, wait_ms double precision)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  op record;
  c limit_counters;
  l limit_leases;
  found_lease boolean;
  at double precision := extract(epoch from clock_timestamp()) * 1000;
  delta bigint;
  lost bigint;
begin
  if p_lease_ms is not null then
    insert into limit_holders as h (id, expires_at) values (p_holder, now() + p_lease_ms * interval '1 millisecond')
    on conflict (id) do update set expires_at = excluded.expires_at;
  end if;
  for op in
    select o.* from json_to_recordset(p_ops) as o (
      id text, first boolean, new json, amount bigint, burst bigint, "interval" double precision,
      used bigint, kept bigint, reserved bigint, least bigint, want bigint, parts integer, recall boolean)
    order by o.id
  loop
    select * into c from limit_counters t where t.id = op.id for update;
    if not found then
      insert into limit_counters (id, project_id, kind, rule, unit, per, scope, window_end, amount)
      values (op.id, op.new ->> 'project', op.new ->> 'kind', op.new ->> 'rule', op.new ->> 'unit', op.new ->> 'per', op.new ->> 'scope',
              to_timestamp((op.new ->> 'end')::double precision / 1000), op.amount)
      on conflict do nothing;
      select * into c from limit_counters t where t.id = op.id for update;
    end if;
    select * into l from limit_leases t where t.counter_id = op.id and t.holder = p_holder;
    found_lease := found;
    if op.first or not found_lease then
      -- A lease that was forgotten meanwhile had been reported up to `used` at the last exchange; what came since is lost.
      c.held := c.held - coalesce(l.held, 0);
      l := (op.id, p_holder, 0, op.used, op.reserved);
      if op.first then l.used := 0; end if;
    end if;

    delta := op.used - l.used;
    c.used := c.used + delta;
    if c.kind = 'rate' then
      c.arrival := case when delta > 0 then greatest(c.arrival, at) else c.arrival end + delta * op.interval;
    end if;
    kept := least(op.kept, l.held);
    c.held := c.held + kept - l.held;
    l.held := kept;

    granted := 0;
    wait_ms := 0;
    free := perdure_limit_free(c, op.amount, op.burst, op.interval, at);
    if op.least > 0 then
      if free < op.least and c.held > l.held then
        with dead as (
          update limit_leases t set held = 0 from limit_leases d
          where t.counter_id = op.id and d.counter_id = t.counter_id and d.holder = t.holder and d.held > 0 and t.holder <> p_holder
            and not exists (select 1 from limit_holders h where h.id = t.holder and h.expires_at > now())
          returning d.held)
        select coalesce(sum(dead.held), 0) into lost from dead;
        c.held := c.held - lost;
        free := perdure_limit_free(c, op.amount, op.burst, op.interval, at);
      end if;
      if free >= op.least then
        granted := least(free, greatest(op.least, op.want, free / op.parts));
        c.held := c.held + granted;
        l.held := l.held + granted;
        free := free - granted;
      else
        if c.kind = 'rate' then
          wait_ms := greatest(c.arrival, at) + (op.least + c.held - op.burst) * op.interval - at;
        end if;
        if op.recall and c.held > l.held then
          perform pg_notify('perdure_limits', p_holder::text || ' ' || op.id);
        end if;
      end if;
    end if;

    update limit_counters t set amount = op.amount, used = c.used, held = c.held, arrival = c.arrival, updated_at = now() where t.id = op.id;
    if found_lease then
      update limit_leases t set held = l.held, used = op.used, reserved = op.reserved where t.counter_id = op.id and t.holder = p_holder;
    else
      insert into limit_leases (counter_id, holder, held, used, reserved) values (op.id, p_holder, l.held, op.used, op.reserved);
    end if;
    id := op.id;
    kept := l.held;
    used := c.used;
    others := c.held - l.held;
    debt_ms := greatest(0, c.arrival - at);
    return next;
  end loop;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_limits_sweep(p_gone_ms integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  gone uuid[];
  swept integer;
begin
  gone := array(select h.id from limit_holders h where h.expires_at < now() - p_gone_ms * interval '1 millisecond');
  perform 1 from limit_counters c
  where c.id in (select l.counter_id from limit_leases l where l.holder = any (gone)) order by c.id for update;
  with dropped as (delete from limit_leases l where l.holder = any (gone) returning l.counter_id, l.held),
       sums as (select counter_id, sum(held)::bigint as held from dropped group by counter_id having sum(held) > 0)
  update limit_counters c set held = c.held - sums.held from sums where c.id = sums.counter_id;
  delete from limit_holders h where h.id = any (gone);

  with old as (
    select c.id from limit_counters c
    where (c.window_end < now() - interval '1 day' or (c.kind <> 'budget' and c.updated_at < now() - interval '2 days'))
    order by c.id for update skip locked),
  leases as (delete from limit_leases l using old where l.counter_id = old.id)
  delete from limit_counters c using old where c.id = old.id;
  get diagnostics swept = row_count;
  return swept;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_prompts_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  project text := case when tg_op = 'DELETE' then old.project_id else new.project_id end;
begin
  insert into prompt_changes as known (project_id, version) values (project, 1)
    on conflict (project_id) do update set version = known.version + 1;
  perform pg_notify('perdure_prompts', project);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_protect(target regclass)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  execute format('alter table %s enable row level security', target);
  execute format('drop policy if exists project_only on %s', target);
  execute format(
    'create policy project_only on %s to perdure_app using (project_id = current_setting(''perdure.project'', true)) with check (project_id = current_setting(''perdure.project'', true))',
    target
  );
  execute format('grant select, insert, update, delete on %s to perdure_app', target);
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_refuse_unsupported(project text, version text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  if exists (select from memory_versions where project_id = project and id = version and expired_at is null)
    and not perdure_is_supported(project, version) then
    raise exception 'the live version % has no live parent', version
      using errcode = 'integrity_constraint_violation', constraint = 'memory_versions_supported';
  end if;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_response_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  given json := new.metadata -> 'experiment';
begin
  if json_typeof(given) = 'object' then
    insert into experiment_ends (project_id, name, variant, content, completed, failed, cost_micro_usd, cost_known, latency_ms, output_tokens)
    values (new.project_id, given ->> 'name', given ->> 'variant', given ->> 'content', new.status in ('completed', 'incomplete'),
      new.status in ('failed', 'poisoned'), new.cost_micro_usd, new.cost_known,
      extract(epoch from new.finished_at - new.created_at) * 1000, new.output_tokens);
  end if;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_score_counted()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  was float8 := case when tg_op = 'INSERT' then null else perdure_score_number(old.value) end;
  is_now float8 := case when tg_op = 'DELETE' then null else perdure_score_number(new.value) end;
  scored feedback := case when tg_op = 'DELETE' then old else new end;
begin
  if scored.experiment is null or was is not distinct from is_now then
    return null;
  end if;
  insert into experiment_scores as known (project_id, name, variant, content, score, count, sum, squares, outside)
  values (scored.project_id, scored.experiment ->> 'name', scored.experiment ->> 'variant', scored.experiment ->> 'content', scored.name,
    (is_now is not null)::int - (was is not null)::int,
    coalesce(is_now, 0) - coalesce(was, 0),
    coalesce(is_now * is_now, 0) - coalesce(was * was, 0),
    (coalesce(is_now, 0) not between 0 and 1)::int - (coalesce(was, 0) not between 0 and 1)::int)
  on conflict (project_id, name, variant, content, score) do update set
    count = known.count + excluded.count, sum = known.sum + excluded.sum,
    squares = known.squares + excluded.squares, outside = known.outside + excluded.outside;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_score_number(value jsonb)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case jsonb_typeof(value) when 'number' then value::float8 when 'boolean' then value::boolean::int::float8 end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_score_tied()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.experiment := coalesce(
    (select data -> 'experiment' from light_runs where project_id = new.project_id and id = new.run_id),
    (select (metadata -> 'experiment')::jsonb from runs where project_id = new.project_id and id = new.run_id and kind = 'response'));
  if jsonb_typeof(new.experiment) is distinct from 'object' then
    new.experiment := null;
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.perdure_wake(p_runs text[])
 RETURNS integer
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
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
$function$;

CREATE TRIGGER api_keys_changed BEFORE INSERT OR DELETE OR UPDATE OF name, hash, hint, models, endpoints, regions, limits, tags, end_user, metadata, expires_at, rotated_at, retired, revoked_at, blocked_at ON public.api_keys FOR EACH ROW EXECUTE FUNCTION perdure_key_changed();

CREATE TRIGGER data_keys_changed AFTER DELETE OR UPDATE ON public.data_keys FOR EACH ROW EXECUTE FUNCTION perdure_data_key_changed();

CREATE CONSTRAINT TRIGGER derivations_kept AFTER DELETE OR UPDATE ON public.derivations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION perdure_check_derivation();

CREATE CONSTRAINT TRIGGER episodes_support_deleted AFTER DELETE ON public.episodes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION perdure_check_children();

CREATE CONSTRAINT TRIGGER episodes_support_ended AFTER UPDATE OF expired_at ON public.episodes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.expired_at IS NOT NULL)) EXECUTE FUNCTION perdure_check_children();

CREATE TRIGGER experiment_states_changed AFTER UPDATE ON public.experiment_states FOR EACH ROW WHEN (((((old.status IS DISTINCT FROM new.status) OR (old.winner IS DISTINCT FROM new.winner)) OR (old.weights IS DISTINCT FROM new.weights)) OR (old.basis IS DISTINCT FROM new.basis))) EXECUTE FUNCTION perdure_prompts_changed();

CREATE TRIGGER experiment_states_made AFTER INSERT OR DELETE ON public.experiment_states FOR EACH ROW EXECUTE FUNCTION perdure_prompts_changed();

CREATE TRIGGER experiments_changed AFTER INSERT OR DELETE OR UPDATE ON public.experiments FOR EACH ROW EXECUTE FUNCTION perdure_prompts_changed();

CREATE TRIGGER feedback_counted AFTER INSERT OR DELETE OR UPDATE ON public.feedback FOR EACH ROW EXECUTE FUNCTION perdure_score_counted();

CREATE TRIGGER feedback_tied BEFORE INSERT ON public.feedback FOR EACH ROW EXECUTE FUNCTION perdure_score_tied();

CREATE CONSTRAINT TRIGGER memory_versions_support_deleted AFTER DELETE ON public.memory_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION perdure_check_children();

CREATE CONSTRAINT TRIGGER memory_versions_support_ended AFTER UPDATE OF expired_at, ended_by ON public.memory_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.ended_by = ANY (ARRAY['retract'::text, 'revoke'::text, 'redact'::text]))) EXECUTE FUNCTION perdure_check_children();

CREATE CONSTRAINT TRIGGER memory_versions_supported AFTER INSERT OR UPDATE OF expired_at ON public.memory_versions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.expired_at IS NULL)) EXECUTE FUNCTION perdure_check_version();

CREATE TRIGGER prompt_labels_changed AFTER INSERT OR DELETE OR UPDATE ON public.prompt_labels FOR EACH ROW EXECUTE FUNCTION perdure_prompts_changed();

CREATE TRIGGER prompt_versions_changed AFTER INSERT OR DELETE ON public.prompt_versions FOR EACH ROW EXECUTE FUNCTION perdure_prompts_changed();

CREATE TRIGGER runs_experiment_counted AFTER UPDATE ON public.runs FOR EACH ROW WHEN (((new.kind = 'response'::text) AND (old.finished_at IS NULL) AND (new.finished_at IS NOT NULL) AND (new.metadata IS NOT NULL))) EXECUTE FUNCTION perdure_response_counted();

CREATE CONSTRAINT TRIGGER sources_support_revoked AFTER UPDATE OF revoked_at ON public.sources DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.revoked_at IS NOT NULL)) EXECUTE FUNCTION perdure_check_source();
