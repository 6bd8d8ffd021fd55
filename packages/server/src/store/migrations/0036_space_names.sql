-- A space is a model with the hash of its weights: vectors of other weights are not compared, and are made anew. The bundled model's get its hash in their name.

-- In which space the vectors of a project are, or are being brought.
create table embedding_spaces (
  project_id text primary key,
  space text not null,
  since timestamptz not null
);
select perdure_protect('embedding_spaces');

update spaces set model = 'perdure/minilm@92eeaf268ee0', weights_hash = '92eeaf268ee0d167b09e8013b395f438c18983becbe7b57117bb8c778cd88cd3'
  where model = 'perdure/minilm';
update token_vectors set model = 'perdure/minilm@92eeaf268ee0' where model = 'perdure/minilm';
update vector_store_segments set model = 'perdure/minilm@92eeaf268ee0' where model = 'perdure/minilm';
do $$ begin
  if to_regclass('embeddings') is not null then
    execute 'update embeddings set model = ''perdure/minilm@92eeaf268ee0'' where model = ''perdure/minilm''';
  end if;
end $$;
