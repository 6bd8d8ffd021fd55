-- Experiments made over the API; those of the configuration have no row here.
create table experiments (
  project_id text not null,
  name text not null,
  definition jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (project_id, name)
);
select perdure_protect('experiments');

-- How each stands, those of the configuration included. `basis` is the digest of the variants and weights that the weights began with:
-- where the definition says others, they are void.
create table experiment_states (
  project_id text not null,
  name text not null,
  status text not null default 'running' check (status in ('running', 'paused', 'promoted')),
  winner text,
  weights jsonb,
  basis text not null,
  sampled_at timestamptz,
  primary key (project_id, name),
  check ((status = 'promoted') = (winner is not null))
);
select perdure_protect('experiment_states');

-- What is known of each variant, as sums. `content` is the digest of its model and prompt: a variant that becomes another one begins anew.
create table experiment_arms (
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  requests bigint not null,
  completed bigint not null,
  failed bigint not null,
  cost_micro_usd float8 not null,
  cost_unknown bigint not null,
  latency_ms float8 not null,
  output_tokens float8 not null,
  primary key (project_id, name, variant, content)
) with (fillfactor = 50);
select perdure_protect('experiment_arms');

-- `outside` counts scores that are not from 0 to 1.
create table experiment_scores (
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  score text not null,
  count bigint not null,
  sum float8 not null,
  squares float8 not null,
  outside bigint not null,
  primary key (project_id, name, variant, content, score)
) with (fillfactor = 50);
select perdure_protect('experiment_scores');

create table experiment_log (
  project_id text not null,
  name text not null,
  id bigint generated always as identity,
  at timestamptz not null default now(),
  kind text not null,
  reason text not null,
  principal text,
  before jsonb,
  after jsonb,
  posterior jsonb,
  primary key (project_id, name, id)
);
select perdure_protect('experiment_log');

create trigger experiments_changed after insert or update or delete on experiments for each row execute function perdure_prompts_changed();
create trigger experiment_states_made after insert or delete on experiment_states for each row execute function perdure_prompts_changed();
-- Not each look at the scores that changes nothing.
create trigger experiment_states_changed after update on experiment_states for each row
  when ((old.status, old.winner, old.weights, old.basis) is distinct from (new.status, new.winner, new.weights, new.basis))
  execute function perdure_prompts_changed();

-- The variant that a run was given, as {name, variant, content}; null where it took part in none.
alter table feedback add column experiment jsonb;
create index feedback_created on feedback (project_id, created_at);
create index light_runs_prompt on light_runs (project_id, (data -> 'prompt' ->> 'id'), id) where data ? 'prompt';
create index light_runs_experiment on light_runs (project_id, (data -> 'experiment' ->> 'name'), id) where data ? 'experiment';
create index runs_prompt on runs (project_id, (metadata -> 'prompt' ->> 'id'), id)
  where kind = 'response' and json_typeof(metadata -> 'prompt') = 'object';
create index runs_experiment on runs (project_id, (metadata -> 'experiment' ->> 'name'), id)
  where kind = 'response' and json_typeof(metadata -> 'experiment') = 'object';

-- Responses that have ended and are not in the sums yet: only ever added to, so that flushes of several processes never wait for each other.
create table experiment_ends (
  id bigint generated always as identity primary key,
  project_id text not null,
  name text not null,
  variant text not null,
  content text not null,
  completed boolean not null,
  failed boolean not null,
  cost_micro_usd float8 not null,
  cost_known boolean not null,
  latency_ms float8 not null,
  output_tokens float8 not null
);
create index experiment_ends_name on experiment_ends (project_id, name);
select perdure_protect('experiment_ends');

-- A response counts once, when it ends; light runs are counted by the statement that inserts them.
create function perdure_response_counted() returns trigger
language plpgsql
as $$
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
$$;
create trigger runs_experiment_counted after update on runs for each row
  when (new.kind = 'response' and old.finished_at is null and new.finished_at is not null and new.metadata is not null)
  execute function perdure_response_counted();

-- What a score says as a number; null for words.
create function perdure_score_number(value jsonb) returns float8
language sql immutable
as $$
  select case jsonb_typeof(value) when 'number' then value::float8 when 'boolean' then value::boolean::int::float8 end
$$;

create function perdure_score_tied() returns trigger
language plpgsql
as $$
begin
  new.experiment := coalesce(
    (select data -> 'experiment' from light_runs where project_id = new.project_id and id = new.run_id),
    (select (metadata -> 'experiment')::jsonb from runs where project_id = new.project_id and id = new.run_id and kind = 'response'));
  if jsonb_typeof(new.experiment) is distinct from 'object' then
    new.experiment := null;
  end if;
  return new;
end
$$;
create trigger feedback_tied before insert on feedback for each row execute function perdure_score_tied();

-- The sums change in the transaction that changes the score: by its number, and against the number that it replaces.
create function perdure_score_counted() returns trigger
language plpgsql
as $$
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
$$;
create trigger feedback_counted after insert or update or delete on feedback for each row execute function perdure_score_counted();
