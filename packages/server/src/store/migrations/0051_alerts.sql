-- What is worth telling somebody, once each over all processes and starts, and its way to each webhook.

create table alerts (
  id text primary key,
  -- null: it is of no project, or of all of them
  project_id text,
  type text not null,
  -- the same for the same thing: a budget, its window and its share; a key and its end
  occasion text not null unique,
  data jsonb not null,
  created_at timestamptz not null default now(),
  -- until then the occasion is known; null: for ever
  keep_until timestamptz
);
create index alerts_newest on alerts (created_at desc);
create index alerts_kept on alerts (keep_until) where keep_until is not null;
select perdure_protect('alerts');

create table alert_deliveries (
  alert_id text not null references alerts (id) on delete cascade,
  webhook text not null,
  status text not null default 'waiting' check (status in ('waiting', 'sent', 'failed')),
  attempts integer not null default 0,
  -- null once it is sent or given up
  next_at timestamptz default now(),
  -- of the last attempt, without what the address is
  outcome text,
  updated_at timestamptz not null default now(),
  primary key (alert_id, webhook)
);
create index alert_deliveries_due on alert_deliveries (webhook, next_at) where next_at is not null;

-- Deployments of which it was told that they are down, and not yet that they answer again.
create table alert_deployments (
  id text primary key,
  since timestamptz not null default now()
);
