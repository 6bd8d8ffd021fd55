-- The bytes of files in parts, so that neither the server nor the database ever holds a whole file in one value.

create table file_parts (
  project_id text not null,
  file_id text not null,
  part int not null,
  content bytea not null,
  primary key (project_id, file_id, part),
  foreign key (project_id, file_id) references files (project_id, id) on delete cascade
);
-- What is uploaded is mostly compressed already, and a part is read whole.
alter table file_parts alter column content set storage external;
select perdure_protect('file_parts');

insert into file_parts (project_id, file_id, part, content) select project_id, id, 0, content from files;
alter table files drop column content;
