-- Files that were indexed before there were segments: words and vectors are kept in other forms now, and making them needs the scope's key and the model.
-- Such a file goes back to the beginning, under the id of a run that is not there yet; the server starts it. Until it is done, nothing of it is found.

update vector_store_files f set status = 'in_progress', stage = 'queued', parts_done = 0, parts_total = 0,
    run_id = 'run_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14)
  where f.status = 'completed' and exists (
    select from vector_store_segments s
    where s.project_id = f.project_id and s.vector_store_id = f.vector_store_id and s.file_id = f.file_id and s.digest = '');
delete from vector_store_segments where digest = '';

drop table postings;
drop table indexed_documents;
