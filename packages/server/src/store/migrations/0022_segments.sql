-- A file in a vector store is indexed in segments, each of them one document of the indexes and written by a transaction of its own. A search finds what is live;
-- a segment that did not change when the file was read again stays as it is.

create table vector_store_segments (
  project_id text not null,
  vector_store_id text not null,
  -- Its name in the indexes of words and vectors.
  document_id text not null,
  file_id text not null,
  -- The run that wrote it.
  run_id text not null,
  -- Place of its first chunk among those of the file.
  first_position int not null,
  parts int not null,
  -- Of its chunks, in order; empty for what was written before there were segments.
  digest text not null,
  usage_bytes bigint not null,
  -- The embedding model of its vectors; null when it has none.
  model text,
  -- Added to the spans and pages of its chunks, so that what moved as a whole did not change.
  span_base int not null,
  page_base int not null,
  is_live boolean not null,
  primary key (project_id, vector_store_id, document_id),
  foreign key (project_id, vector_store_id, file_id)
    references vector_store_files (project_id, vector_store_id, file_id) on delete cascade
);
create index vector_store_segments_by_file on vector_store_segments (project_id, vector_store_id, file_id);
create index vector_store_segments_hidden on vector_store_segments (project_id, vector_store_id) where not is_live;
select perdure_protect('vector_store_segments');

insert into vector_store_segments
    (project_id, vector_store_id, document_id, file_id, run_id, first_position, parts, digest, usage_bytes, span_base, page_base, is_live)
  select c.project_id, c.vector_store_id, c.file_id, c.file_id, f.run_id, 0, count(*), '', sum(octet_length(c.body)), 0, 0, true
  from chunks c join vector_store_files f using (project_id, vector_store_id, file_id)
  group by c.project_id, c.vector_store_id, c.file_id, f.run_id;

alter table chunks rename column file_id to document_id;
alter table chunks rename column position to part;
alter table chunks drop constraint chunks_project_id_vector_store_id_file_id_fkey;
alter table chunks add foreign key (project_id, vector_store_id, document_id)
  references vector_store_segments (project_id, vector_store_id, document_id) on delete cascade;
-- Of heading and text: the same hash has the same vector and, within a file, the same id.
alter table chunks add column content_hash text;
create index chunks_by_content on chunks (project_id, content_hash);
-- Pages, slides or sheets of the file, from 1 and less the segment's base.
alter table chunks add column page_first int;
alter table chunks add column page_last int;

-- How far its ingestion is.
alter table vector_store_files add column stage text;
alter table vector_store_files add column parts_done int not null default 0;
alter table vector_store_files add column parts_total int not null default 0;
-- The file whose place it takes once it is complete.
alter table vector_store_files add column replaces text;
create index vector_store_files_by_age on vector_store_files (project_id, vector_store_id, created_at, file_id);
