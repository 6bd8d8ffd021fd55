-- A message goes on with the session of the last one of its conversation. Upkeep also takes what has ended out of the index, so it looks at ended episodes too.
drop index episodes_to_upkeep;
create index episodes_to_upkeep on episodes (project_id, scope, id) where upkept_at is null;
create index episodes_by_conversation on episodes (project_id, scope, coalesce(conversation_id, ''), id) where session is not null;
