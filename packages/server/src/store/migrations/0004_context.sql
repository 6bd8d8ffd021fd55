-- Context: files, vector stores with their chunks, the word index, memories, conversations. Vectors are in 0004_context.vector.sql.

create table files (
  project_id text not null,
  id text not null,
  filename text not null,
  purpose text not null,
  media_type text,
  bytes bigint not null,
  sha256 text not null,
  principal text not null,
  label jsonb not null,
  content bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (project_id, id)
);
select perdure_protect('files');

create table vector_stores (
  project_id text not null,
  id text not null,
  name text,
  description text,
  metadata jsonb,
  expires_after_days int,
  created_at timestamptz not null,
  last_active_at timestamptz not null,
  primary key (project_id, id)
);
select perdure_protect('vector_stores');

-- One file in one vector store: where its ingestion stands, and what of it counts towards the statistics of the store.
create table vector_store_files (
  project_id text not null,
  vector_store_id text not null,
  file_id text not null,
  run_id text not null,
  status text not null check (status in ('in_progress', 'completed', 'failed', 'cancelled')),
  error_code text,
  error_message text,
  attributes jsonb not null,
  chunk_tokens_max int not null,
  chunk_overlap_tokens int not null,
  usage_bytes bigint not null default 0,
  created_at timestamptz not null,
  primary key (project_id, vector_store_id, file_id),
  foreign key (project_id, vector_store_id) references vector_stores (project_id, id) on delete cascade,
  foreign key (project_id, file_id) references files (project_id, id) on delete cascade
);
create index vector_store_files_by_file on vector_store_files (project_id, file_id);
select perdure_protect('vector_store_files');

-- What a search returns. `span_start` and `span_end` count UTF-16 units in the decoded file.
create table chunks (
  project_id text not null,
  vector_store_id text not null,
  file_id text not null,
  position int not null,
  id text not null,
  heading text[] not null,
  body text not null,
  span_start int not null,
  span_end int not null,
  tokens int not null,
  primary key (project_id, vector_store_id, file_id, position),
  foreign key (project_id, vector_store_id, file_id)
    references vector_store_files (project_id, vector_store_id, file_id) on delete cascade
);
create index chunks_by_id on chunks (project_id, id);
select perdure_protect('chunks');

-- The word index. A scope is a vector store or a memory scope; a document is a file in it or one memory; statistics never cross a scope.
create table indexed_documents (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  parts int not null,
  terms int not null,
  primary key (project_id, scope_id, document_id)
);
select perdure_protect('indexed_documents');

-- One row for each term of each document: the parts that contain it, how often, and how many terms each of those parts has.
create table postings (
  project_id text not null,
  scope_id text not null,
  term text not null,
  document_id text not null,
  parts int[] not null,
  frequencies int[] not null,
  lengths int[] not null,
  primary key (project_id, scope_id, term, document_id)
);
create index postings_by_document on postings (project_id, scope_id, document_id);
select perdure_protect('postings');

create table memories (
  project_id text not null,
  id text not null,
  scope text not null,
  body text not null,
  metadata jsonb not null,
  principal text not null,
  run_id text,
  label jsonb not null,
  valid_from timestamptz,
  valid_to timestamptz,
  created_at timestamptz not null,
  primary key (project_id, id)
);
create index memories_by_scope on memories (project_id, scope, id);
select perdure_protect('memories');

create table conversations (
  project_id text not null,
  id text not null,
  metadata jsonb not null,
  items int not null default 0,
  created_at timestamptz not null,
  primary key (project_id, id)
);
select perdure_protect('conversations');

create table conversation_items (
  project_id text not null,
  conversation_id text not null,
  position int not null,
  id text not null,
  item jsonb not null,
  label jsonb not null,
  run_id text,
  created_at timestamptz not null,
  primary key (project_id, conversation_id, position),
  unique (project_id, conversation_id, id),
  foreign key (project_id, conversation_id) references conversations (project_id, id) on delete cascade
);
select perdure_protect('conversation_items');
