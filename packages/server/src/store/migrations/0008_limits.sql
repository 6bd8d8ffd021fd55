-- Counters of budgets and rates, and what of them is lent to which process: requests are admitted in memory out of lent credit.

-- One row per counter; of a budget one per window.
create table limit_counters (
  id text primary key,
  -- null: all projects share it
  project_id text,
  kind text not null check (kind in ('budget', 'rate', 'concurrent')),
  rule text not null,
  unit text not null,
  per text,
  -- what it counts, as JSON text: users and tags may hold what jsonb refuses
  scope text not null,
  window_end timestamptz,
  amount bigint not null,
  -- reported by all processes
  used bigint not null default 0,
  -- lent to all processes and not reported as used
  held bigint not null default 0,
  -- of a rate: epoch milliseconds at which all of it is there again
  arrival double precision not null default 0,
  updated_at timestamptz not null default now()
);
create index limit_counters_project on limit_counters (project_id);
select perdure_protect('limit_counters');

-- A process that lends; its credit returns when it has not been seen until then.
create table limit_holders (
  id uuid primary key,
  expires_at timestamptz not null
);

create table limit_leases (
  counter_id text not null,
  holder uuid not null,
  held bigint not null default 0,
  -- all that this process has reported
  used bigint not null default 0,
  -- what calls under way hold of it, for display
  reserved bigint not null default 0,
  primary key (counter_id, holder)
);
create index limit_leases_holder on limit_leases (holder);

-- One exchange of a process: it says what it used and what it keeps, and gets credit. All figures are absolute, so an exchange whose answer was
-- lost may be repeated. `p_ops`: [{id, first, new: {kind, project, rule, unit, per, scope, end}, amount, burst, interval,
--   used: all that it used, kept: credit that it keeps, reserved, least: credit without which it must refuse, want, parts, recall}]
-- Locks are taken in the order of counter ids. `p_lease_ms` null: it keeps nothing (the only process of an embedded database).
create function perdure_limits(p_holder uuid, p_lease_ms integer, p_ops json)
returns table (id text, granted bigint, kept bigint, used bigint, others bigint, free bigint, debt_ms double precision, wait_ms double precision)
language plpgsql
set enable_seqscan = off
as $$
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
$$;

-- What may still be lent: of a rate what is there now, of everything else what is neither used nor held.
create function perdure_limit_free(c limit_counters, p_amount bigint, p_burst bigint, p_interval double precision, at double precision)
returns bigint
language sql immutable
as $$
  select case when c.kind = 'rate'
    then floor((at + p_burst * p_interval - greatest(c.arrival, at)) / p_interval + 1e-6)::bigint - c.held
    else p_amount - c.used - c.held end
$$;

-- Ends the leases of processes that are gone for long, and forgets counters that cannot bind any more.
create function perdure_limits_sweep(p_gone_ms integer) returns integer
language plpgsql
as $$
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
$$;
