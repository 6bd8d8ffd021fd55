-- Vectors of chunks and memories. The dimension is left open, for each model has its own; a search stays inside one scope, where it is exact.

create table embeddings (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part int not null,
  -- A text longer than the model's window is embedded in pieces; the best one counts.
  piece int not null,
  model text not null,
  embedding vector not null,
  primary key (project_id, scope_id, document_id, part, piece)
);
select perdure_protect('embeddings');
