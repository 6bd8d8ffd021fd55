-- What a request said of itself, besides its tags: an object of plain values, or null. It may be about persons: erasures look through it by the catalog.
alter table light_runs add column metadata jsonb;
