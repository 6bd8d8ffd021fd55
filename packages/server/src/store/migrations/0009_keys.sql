-- What a key may reach and use, until when, and for whom; a rotation leaves the replaced secrets' digests in `retired` until they stop working.
alter table api_keys
  add column models text[] not null default '{}',
  add column endpoints text[] not null default '{}',
  add column limits jsonb not null default '{}',
  add column tags text[] not null default '{}',
  add column end_user text,
  add column metadata jsonb not null default '{}',
  add column created_by text,
  add column expires_at timestamptz,
  add column rotated_at timestamptz,
  add column retired jsonb not null default '[]',
  add column last_used_at timestamptz,
  add column version bigint not null default 1,
  add column updated_at timestamptz not null default clock_timestamp();
create index api_keys_by_change on api_keys (updated_at);

-- Tells every process which key changed, in the transaction that changes it and whoever does; last use is no change.
create function perdure_key_changed() returns trigger
language plpgsql
as $$
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
$$;

create trigger api_keys_changed
  before insert or delete or update of
    name, hash, hint, models, endpoints, limits, tags, end_user, metadata, expires_at, rotated_at, retired, revoked_at
  on api_keys for each row execute function perdure_key_changed();
