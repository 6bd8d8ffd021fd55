-- The ground that every other migration stands on: the log of migrations, the application role, row protection, projects, keys, settings.

create table schema_migrations (
  name text primary key,
  checksum text not null,
  applied_at timestamptz not null default now()
);

-- Roles belong to the whole cluster, which may hold several databases of Perdure: another one may have made the role, perhaps just now.
do $$
begin
  if not exists (select from pg_roles where rolname = 'perdure_app') then
    begin
      create role perdure_app nologin noinherit nobypassrls;
    exception
      when duplicate_object or unique_violation then null;
    end;
  end if;
  -- `set role` needs membership. Superusers are members of everything, creators only administrate what they made.
  if not pg_has_role(current_user, 'perdure_app', 'member') or not (select rolsuper from pg_roles where rolname = current_user) then
    for attempt in 1 .. 20 loop
      begin
        execute format('grant perdure_app to %I', current_user);
        exit;
      exception
        -- Two databases grant at once: "tuple concurrently updated".
        when internal_error then perform pg_sleep(0.05);
        when insufficient_privilege then
          if pg_has_role(current_user, 'perdure_app', 'member') then exit; end if;
          raise exception 'the role % may not become perdure_app', current_user
            using hint = format('As an administrator: grant perdure_app to %I', current_user), errcode = 'insufficient_privilege';
      end;
    end loop;
  end if;
end
$$;

grant usage on schema public to perdure_app;

-- Narrows the table to the rows of the project in `perdure.project` for the application role, and lets that role work on them.
-- The owner sees all rows: that is what `system` is. (No `force`: it would bind the owner and nobody else.)
create function perdure_protect(target regclass) returns void
language plpgsql
as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('drop policy if exists project_only on %s', target);
  execute format(
    'create policy project_only on %s to perdure_app using (project_id = current_setting(''perdure.project'', true)) with check (project_id = current_setting(''perdure.project'', true))',
    target
  );
  execute format('grant select, insert, update, delete on %s to perdure_app', target);
end
$$;

create table projects (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

-- Only the digest of a key is kept; `hint` is what a person recognises it by.
create table api_keys (
  id text primary key,
  project_id text not null references projects (id) on delete cascade,
  name text not null,
  hash bytea not null unique,
  hint text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create index api_keys_by_project on api_keys (project_id, id);
select perdure_protect('api_keys');

-- One value per name for the whole installation, such as the pepper of key digests.
create table settings (
  key text primary key,
  value jsonb not null,
  updated_at timestamptz not null default now()
);
