-- A blocked key is refused until it is unblocked, and keeps the end that it has.
alter table api_keys add column blocked_at timestamptz;

drop trigger api_keys_changed on api_keys;
create trigger api_keys_changed
  before insert or delete or update of
    name, hash, hint, models, endpoints, regions, limits, tags, end_user, metadata, expires_at, rotated_at, retired, revoked_at, blocked_at
  on api_keys for each row execute function perdure_key_changed();

-- Until now it was one whose time was over, with the end that it had in its metadata.
update api_keys set
  blocked_at = case when expires_at <= now() then expires_at end,
  expires_at = case when expires_at <= now() then to_timestamp((metadata #>> '{litellm,blocked,expiresAt}')::float8 / 1000) else expires_at end,
  metadata = case when metadata -> 'litellm' = jsonb_build_object('blocked', metadata #> '{litellm,blocked}') then metadata - 'litellm'
    else metadata #- '{litellm,blocked}' end
  where metadata #> '{litellm,blocked}' is not null;
