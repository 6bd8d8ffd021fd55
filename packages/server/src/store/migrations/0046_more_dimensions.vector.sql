-- Indexes for vectors of more dimensions than single precision can be indexed with (2,000): half precision takes up to 4,000. Not on the embedded
-- engine, where half precision is computed in software and a row of 3,072 takes it half a second.

do $$
declare
  dimensions int;
begin
  if to_regtype('halfvec') is null or version() like '%wasm%' then return; end if;
  foreach dimensions in array array[2048, 2560, 3072] loop
    execute format(
      'create index large_embeddings_%1$s on large_embeddings using hnsw ((embedding::halfvec(%1$s)) halfvec_ip_ops) where vector_dims(embedding) = %1$s',
      dimensions
    );
  end loop;
end
$$;
