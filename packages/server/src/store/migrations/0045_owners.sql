-- To whom files, uploads, vector stores, batches and conversations belong: the path of a scope, `project` where they are the project's.
-- A key that acts for an end user reaches its own, what a grant of a scope gives it, and reads what is the project's.
alter table files add column owner text not null default 'project';
alter table uploads add column owner text not null default 'project';
alter table vector_stores add column owner text not null default 'project';
alter table batches add column owner text not null default 'project';
alter table conversations add column owner text not null default 'project';

-- What was made before by a key that acts for an end user is theirs, where its rows tell.
update files t set owner = 'user:' || k.end_user from api_keys k where k.project_id = t.project_id and k.id = t.principal and k.end_user is not null;
update uploads t set owner = 'user:' || k.end_user from api_keys k where k.project_id = t.project_id and k.id = t.principal and k.end_user is not null;
update batches t set owner = 'user:' || k.end_user from api_keys k where k.project_id = t.project_id and k.id = t.principal and k.end_user is not null;

-- What a batch wrote is its maker's.
update files t set owner = b.owner from batches b
where b.project_id = t.project_id and t.id in (b.output_file_id, b.error_file_id, b.input_file_id) and b.owner <> 'project';

-- A vector store whose files were all put in by keys of one end user.
update vector_stores t set owner = 'user:' || u.end_user from (
  select f.project_id, f.vector_store_id, min(k.end_user) as end_user
  from vector_store_files f
    left join runs r on r.project_id = f.project_id and r.id = f.run_id
    left join api_keys k on k.project_id = f.project_id and k.id = r.principal
  group by f.project_id, f.vector_store_id
  having count(*) = count(k.end_user) and min(k.end_user) = max(k.end_user)) u
where u.project_id = t.project_id and u.vector_store_id = t.id;

-- A conversation all of whose responses were made for one end user.
update conversations t set owner = 'user:' || u.end_user from (
  select project_id, conversation_id, min(end_user) as end_user from runs where conversation_id is not null
  group by project_id, conversation_id having count(*) = count(end_user) and min(end_user) = max(end_user)) u
where u.project_id = t.project_id and u.conversation_id = t.id;

create index files_by_owner on files (project_id, owner, id);
create index vector_stores_by_owner on vector_stores (project_id, owner, id);
create index batches_by_owner on batches (project_id, owner, id);
create index runs_by_user on runs (project_id, end_user, id) where end_user is not null;
create index light_runs_by_user on light_runs (project_id, end_user, id) where end_user is not null;
create index scope_grants_by_grantee on scope_grants (project_id, grantee_kind, grantee);
