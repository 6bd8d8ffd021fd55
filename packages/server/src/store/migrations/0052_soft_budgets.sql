-- What LiteLLM's routes kept beside a key as its soft budget, and did nothing, is a limit of the key that tells.
update api_keys set
  limits = jsonb_build_object('budgetPer', case metadata #>> '{litellm,budget_duration}'
      when '1h' then 'hour' when '60m' then 'hour' when '1d' then 'day' when '24h' then 'day' when '7d' then 'week' when '1w' then 'week'
      when '28d' then 'month' when '30d' then 'month' when '31d' then 'month' when '1mo' then 'month' else 'total' end)
    || case when limits ? 'budgetUsd' then '{"budgetPer": "month"}'::jsonb else '{}'::jsonb end
    || limits || jsonb_build_object('alertUsd', metadata #> '{litellm,soft_budget}'),
  metadata = case when metadata -> 'litellm' = jsonb_build_object('soft_budget', metadata #> '{litellm,soft_budget}') then metadata - 'litellm'
    else metadata #- '{litellm,soft_budget}' end
  where jsonb_typeof(metadata #> '{litellm,soft_budget}') = 'number';
