-- What stood before a model when it said something: what it says goes with any of it when that is revoked or erased.
create table episode_parents (
  project_id text not null,
  child text not null,
  parent_kind text not null check (parent_kind in ('episode', 'version')),
  parent text not null,
  primary key (project_id, child, parent),
  foreign key (project_id, child) references episodes (project_id, id) on delete cascade
);
create index episode_parents_by_parent on episode_parents (project_id, parent);
select perdure_protect('episode_parents');

-- The evidence that a context's items were kept as.
create index episodes_by_item on episodes (project_id, scope, item_id) where item_id is not null;

-- Independent sources say the same: a person may confirm it.
alter table memory_reviews drop constraint memory_reviews_reason_check;
alter table memory_reviews add constraint memory_reviews_reason_check
  check (reason in ('contradiction', 'directive', 'support', 'corroborated'));
