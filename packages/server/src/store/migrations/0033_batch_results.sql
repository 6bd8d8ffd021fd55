-- Results of a batch in Anthropic's form do not stay for ever: when they went.
alter table batches add column archived_at timestamptz;
create index batches_kept on batches (ended_at) where archived_at is null and dialect = 'anthropic';
