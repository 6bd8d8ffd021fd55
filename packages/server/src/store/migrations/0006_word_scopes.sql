-- What a search needs of a whole scope in one row: BM25's totals, and a version that changes with every write, so that processes can keep postings in memory.
-- It is the last row that a writer touches before it commits, so that writers of one scope wait for each other only briefly.

create table word_scopes (
  project_id text not null,
  scope_id text not null,
  version bigint not null,
  parts bigint not null,
  terms bigint not null,
  primary key (project_id, scope_id)
);
select perdure_protect('word_scopes');

insert into word_scopes (project_id, scope_id, version, parts, terms)
  select project_id, scope_id, 1, sum(parts), sum(terms) from indexed_documents group by project_id, scope_id;
