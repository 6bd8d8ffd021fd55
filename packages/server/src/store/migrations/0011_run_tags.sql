-- Names under which a call is counted, limited and routed, besides its key: an array of texts, or null.
alter table light_runs add column tags jsonb;
