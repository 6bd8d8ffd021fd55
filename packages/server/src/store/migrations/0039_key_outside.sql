-- The fingerprint of the operator's key under which a data key is wrapped; null: the installation's secret, which lies in this database.
alter table data_keys add column wrapped_by text;
