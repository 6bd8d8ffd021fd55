-- The regions in which calls with a key may be served; none restricts nothing.
alter table api_keys add column regions text[] not null default '{}';

drop trigger api_keys_changed on api_keys;
create trigger api_keys_changed
  before insert or delete or update of
    name, hash, hint, models, endpoints, regions, limits, tags, end_user, metadata, expires_at, rotated_at, retired, revoked_at
  on api_keys for each row execute function perdure_key_changed();
