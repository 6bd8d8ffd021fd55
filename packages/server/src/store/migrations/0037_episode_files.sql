-- Which stored files stood behind what was remembered, as its label tells: a file is a source like a page, over all scopes.
create table episode_files (
  project_id text not null,
  episode_id text not null,
  file_id text not null,
  primary key (project_id, episode_id, file_id),
  foreign key (project_id, episode_id) references episodes (project_id, id) on delete cascade
);
create index episode_files_by_file on episode_files (project_id, file_id);
select perdure_protect('episode_files');

insert into episode_files (project_id, episode_id, file_id)
select e.project_id, e.id, substr(s.source, 6)
from episodes e cross join lateral jsonb_array_elements_text(e.label->'sources') as s (source)
where s.source ~ '^file:file_\w+$' on conflict do nothing;
