-- The word index anew: terms as 64 bits of a keyed hash (no plain word stays behind when the key goes), kept apart by lane, weights may be fractions.
-- A part (one memory, one chunk) has a place, a number inside its scope. New parts lie as deltas, one row per document; compaction turns deltas
-- into segments, one packed row per term. The old tables stay until what they hold has been moved, which needs the key and so happens at start.

alter table word_scopes
  drop column parts,
  drop column terms,
  -- Another one whenever places or segments were written anew, so that copies in memory are dropped; while it stays they only grow.
  add column generation bigint not null default 1,
  add column next_place int not null default 0,
  add column next_segment int not null default 1;

create table word_lanes (
  project_id text not null,
  scope_id text not null,
  lane text not null,
  parts bigint not null,
  length float8 not null,
  primary key (project_id, scope_id, lane)
);
select perdure_protect('word_lanes');

-- What is indexed. `session` and `speaker` are keyed hashes too; 0 is none.
create table index_entries (
  project_id text not null,
  scope_id text not null,
  document_id text not null,
  lane text not null,
  place int not null,
  parts int not null,
  length float8 not null,
  session int not null,
  speaker int not null,
  primary key (project_id, scope_id, document_id)
);
create unique index index_entries_by_place on index_entries (project_id, scope_id, place);
select perdure_protect('index_entries');

-- `lengths`: a float4 for each part. `postings`: 16 bytes each: term int8, part int4, weight float4. Big-endian, as everywhere here.
create table word_deltas (
  project_id text not null,
  scope_id text not null,
  place int not null,
  version bigint not null,
  lane text not null,
  session int not null,
  speaker int not null,
  lengths bytea not null,
  postings bytea not null,
  primary key (project_id, scope_id, place)
);
create index word_deltas_by_version on word_deltas (project_id, scope_id, version);
select perdure_protect('word_deltas');

-- Places of documents that are gone and that segments may still name.
create table word_removals (
  project_id text not null,
  scope_id text not null,
  place int not null,
  parts int not null,
  version bigint not null,
  primary key (project_id, scope_id, place)
);
create index word_removals_by_version on word_removals (project_id, scope_id, version);
select perdure_protect('word_removals');

-- `postings`: 8 bytes each: place int4, weight float4.
create table word_segments (
  project_id text not null,
  scope_id text not null,
  term bigint not null,
  segment int not null,
  lane text not null,
  version bigint not null,
  postings bytea not null,
  primary key (project_id, scope_id, term, segment, lane)
);
select perdure_protect('word_segments');

-- The parts of one segment. `places`: 16 bytes each: place int4, length float4, session int4, speaker int4.
create table word_places (
  project_id text not null,
  scope_id text not null,
  segment int not null,
  lane text not null,
  level int not null,
  version bigint not null,
  places bytea not null,
  primary key (project_id, scope_id, segment, lane)
);
select perdure_protect('word_places');
