-- The version of the price list that a run's cost is by; null where the configuration states the price, nobody knows it, or nothing was paid.
alter table light_runs add column price_list text;
