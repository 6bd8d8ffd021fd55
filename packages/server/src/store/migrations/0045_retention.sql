-- Ended messages that still have their text: what a scope's retention is to remove next.

create index episodes_to_remove on episodes (project_id, scope, occurred_at) where expired_at is not null and body is not null;
