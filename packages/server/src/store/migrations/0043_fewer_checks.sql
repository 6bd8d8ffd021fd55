-- The checks that no live version is without a live parent: of ended children, of which a revocation leaves thousands, none is asked one by one any more.
create or replace function perdure_check_children() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from derivations d join memory_versions v on v.project_id = d.project_id and v.id = d.child and v.expired_at is null
    where d.project_id = old.project_id and d.parent = old.id;
  return null;
end
$$;

create or replace function perdure_check_source() returns trigger
language plpgsql
as $$
begin
  perform perdure_refuse_unsupported(d.project_id, d.child)
    from episodes e join derivations d on d.project_id = e.project_id and d.parent = e.id
      join memory_versions v on v.project_id = d.project_id and v.id = d.child and v.expired_at is null
    where e.project_id = new.project_id and e.source_id = new.id;
  return null;
end
$$;
