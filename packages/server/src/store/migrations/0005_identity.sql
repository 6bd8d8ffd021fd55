-- Login tokens of the dashboard that were exchanged: a token works once, on whatever process it arrives.
create table used_login_tokens (
  id text primary key,
  expires_at timestamptz not null
);
