-- Pins: what somebody wants to be told of a scope whatever is asked; it does not decay.

alter table episodes add column pinned_at timestamptz;
alter table memories add column pinned_at timestamptz;
create index episodes_pinned on episodes (project_id, scope, id) where pinned_at is not null;
create index memories_pinned on memories (project_id, scope, id) where pinned_at is not null;
