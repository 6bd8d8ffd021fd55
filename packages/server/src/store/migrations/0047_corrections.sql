-- Which evidence somebody said instead of which: the old one is believed no more, and both tell of each other.
create table corrections (
  project_id text not null,
  episode_id text not null,
  corrects text not null,
  primary key (project_id, episode_id),
  foreign key (project_id, episode_id) references episodes (project_id, id) on delete cascade,
  foreign key (project_id, corrects) references episodes (project_id, id) on delete cascade
);
create index corrections_by_corrected on corrections (project_id, corrects);
select perdure_protect('corrections');
