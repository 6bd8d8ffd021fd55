-- Versions: how much whoever ended one was trusted (what ends by high trust is not brought back by low), and whether its vector is there.
alter table memory_versions add column ended_integrity smallint;
alter table memory_versions add column upkept_at timestamptz;
create index memory_versions_to_upkeep on memory_versions (project_id, scope, id) where upkept_at is null;
