-- Batches of files that are put into a vector store together, and uploads that come in parts.

create table vector_store_file_batches (
  project_id text not null,
  id text not null,
  vector_store_id text not null,
  principal text not null,
  -- The run that has the files ingested, a few at a time.
  run_id text not null,
  files_total int not null,
  is_cancelled boolean not null default false,
  created_at timestamptz not null,
  primary key (project_id, id),
  foreign key (project_id, vector_store_id) references vector_stores (project_id, id) on delete cascade
);
select perdure_protect('vector_store_file_batches');

-- The batch that put the file there last.
alter table vector_store_files add column batch_id text;
create index vector_store_files_by_batch on vector_store_files (project_id, batch_id) where batch_id is not null;

create table uploads (
  project_id text not null,
  id text not null,
  filename text not null,
  purpose text not null,
  media_type text not null,
  -- As announced; the parts must have as many in the end.
  bytes bigint not null,
  principal text not null,
  status text not null check (status in ('pending', 'completed', 'cancelled')),
  file_id text,
  file_expires_after_s int,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (project_id, id)
);
select perdure_protect('uploads');

-- The bytes of a part are a file of the same id that is never complete, so nobody sees it.
create table upload_parts (
  project_id text not null,
  upload_id text not null,
  id text not null,
  bytes bigint not null,
  created_at timestamptz not null,
  primary key (project_id, upload_id, id),
  foreign key (project_id, upload_id) references uploads (project_id, id) on delete cascade
);
select perdure_protect('upload_parts');

create index vector_stores_by_expiry on vector_stores (last_active_at) where expires_after_days is not null;
create index files_by_expiry on files (expires_at) where expires_at is not null;
