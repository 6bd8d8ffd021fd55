-- Spaces: the vectors of one embedding model with one set of weights, and how its similarities are fused with words. Small vectors per token, for reranking.

create table spaces (
  project_id text not null,
  model text not null,
  -- Weights of each signal by kind of text, and how good they were where they were fitted.
  fusion jsonb not null,
  dimensions int not null,
  weights_hash text,
  fitted_at timestamptz not null,
  primary key (project_id, model)
);
select perdure_protect('spaces');

-- `vectors`: 96 signed bytes per token. `asks`: the text ends with a question.
create table token_vectors (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part int not null,
  model text not null,
  asks boolean not null,
  vectors bytea not null,
  primary key (project_id, scope_id, document_id, part)
);
select perdure_protect('token_vectors');
