-- Counters of end users are known by a hash: their names stand in `scope` alone, where an erasure can take them out of a running budget.

update limit_leases l
set counter_id = rtrim(translate(encode(sha256(convert_to(regexp_replace(l.counter_id, '@-?[0-9]+$', ''), 'UTF8')), 'base64'), '+/', '-_'), '=')
  || coalesce(substring(l.counter_id from '@-?[0-9]+$'), '')
from limit_counters c
where c.id = l.counter_id and c.id like '[%' and c.scope like '%"user":"%' and c.scope not like '%"user":"",%';

update limit_counters
set id = rtrim(translate(encode(sha256(convert_to(regexp_replace(id, '@-?[0-9]+$', ''), 'UTF8')), 'base64'), '+/', '-_'), '=')
  || coalesce(substring(id from '@-?[0-9]+$'), '')
where id like '[%' and scope like '%"user":"%' and scope not like '%"user":"",%';

-- What was told of them is known by the same.
update alerts a
set occasion = found.parts[1] || ' '
  || rtrim(translate(encode(sha256(convert_to(found.parts[2], 'UTF8')), 'base64'), '+/', '-_'), '=')
  || coalesce(found.parts[3], '') || ' ' || found.parts[4]
from (
  select id, regexp_match(occasion, '^(\S+) (\[.*\])(@-?[0-9]+)? ([^\]]*)$') as parts
  from alerts where data -> 'scope' ->> 'user' <> ''
) found
where a.id = found.id and found.parts is not null;
