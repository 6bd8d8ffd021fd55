-- The same checks, each child looked up by itself (`offset 0` keeps it so): a server without statistics would read all versions for each parent that ended.
create or replace function perdure_check_children() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from derivations d,
      lateral (select from memory_versions v where v.project_id = d.project_id and v.id = d.child and v.expired_at is null offset 0) live
    where d.project_id = old.project_id and d.parent = old.id;
  return null;
end
$$;

create or replace function perdure_check_source() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from episodes e join derivations d on d.project_id = e.project_id and d.parent = e.id,
      lateral (select from memory_versions v where v.project_id = d.project_id and v.id = d.child and v.expired_at is null offset 0) live
    where e.project_id = new.project_id and e.source_id = new.id;
  return null;
end
$$;
