-- Vectors anew: they know their place and lane, so that copies in memory can follow a scope, and scopes beyond some size lie in a partition of their own,
-- the only one with an approximate index. A scope moves there by an update: no DDL runs for a scope. See design/decisions/0004.

alter table embeddings rename to old_embeddings;
alter table old_embeddings rename constraint embeddings_pkey to old_embeddings_pkey;

create table embeddings (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  part int not null,
  -- A text longer than the model's window is embedded in pieces; the best one counts.
  piece int not null,
  model text not null,
  place int not null,
  lane text not null,
  -- Of the scope's vectors, when the row was written.
  version bigint not null,
  large boolean not null,
  embedding vector not null,
  primary key (project_id, scope_id, document_id, part, piece, large)
) partition by list (large);
create table small_embeddings partition of embeddings for values in (false);
create table large_embeddings partition of embeddings for values in (true);
create index embeddings_by_place on embeddings (project_id, scope_id, place);
create index embeddings_by_version on embeddings (project_id, scope_id, version);
select perdure_protect('embeddings');

-- `rows` may count a vector twice that was replaced; it is set right before anything depends on it. `stage`: 0 small, 1 on the move, 2 large.
create table vector_scopes (
  project_id text not null,
  scope_id text not null,
  version bigint not null,
  rows bigint not null,
  stage smallint not null default 0,
  primary key (project_id, scope_id)
);
select perdure_protect('vector_scopes');

-- One index for each dimension that models have; an index without rows costs nothing. Half precision where it is fast: not on the embedded engine.
do $$
declare
  dimensions int;
  kind text := case when version() like '%wasm%' then 'vector' else 'halfvec' end;
begin
  if to_regtype('halfvec') is null then return; end if;
  foreach dimensions in array array[256, 384, 512, 768, 1024, 1536] loop
    execute format(
      'create index large_embeddings_%1$s on large_embeddings using hnsw ((embedding::%2$s(%1$s)) %2$s_ip_ops) where vector_dims(embedding) = %1$s',
      dimensions, kind
    );
  end loop;
end
$$;
