-- Prompts: versions that never change, labels that point to them; a number is never given twice, so the counter outlives its versions.
create table prompts (
  project_id text not null,
  name text not null,
  last_version int not null,
  primary key (project_id, name)
);
select perdure_protect('prompts');

create table prompt_versions (
  project_id text not null,
  name text not null,
  version int not null,
  content jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (project_id, name, version)
);
select perdure_protect('prompt_versions');

create table prompt_labels (
  project_id text not null,
  name text not null,
  label text not null,
  version int not null,
  primary key (project_id, name, label),
  foreign key (project_id, name, version) references prompt_versions on delete cascade
);
select perdure_protect('prompt_labels');

-- Scores of runs. One name has one score per run and key of repetition: a second one replaces the first.
create table feedback (
  project_id text not null,
  id text not null,
  run_id text not null,
  name text not null,
  idempotency_key text not null,
  value jsonb not null,
  comment text,
  principal text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, id),
  unique (project_id, run_id, name, idempotency_key)
);
select perdure_protect('feedback');

-- Which projects changed something that every process keeps in memory; polled beneath the notifications.
create table prompt_changes (
  project_id text primary key,
  version bigint not null
);
select perdure_protect('prompt_changes');

create function perdure_prompts_changed() returns trigger
language plpgsql
as $$
declare
  project text := case when tg_op = 'DELETE' then old.project_id else new.project_id end;
begin
  insert into prompt_changes as known (project_id, version) values (project, 1)
    on conflict (project_id) do update set version = known.version + 1;
  perform pg_notify('perdure_prompts', project);
  return null;
end
$$;

create trigger prompt_versions_changed after insert or delete on prompt_versions for each row execute function perdure_prompts_changed();
create trigger prompt_labels_changed after insert or update or delete on prompt_labels for each row execute function perdure_prompts_changed();
