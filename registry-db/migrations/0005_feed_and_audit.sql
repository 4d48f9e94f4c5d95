-- What changed, for followers (feed), and who did it, for auditors.

create table feed_events (
  seq         bigint generated always as identity primary key,
  team_id     text,  -- null: everyone's
  topic       text not null check (topic in (
                'deployment', 'operation', 'package', 'scan', 'alert', 'approval')),
  type        text not null check (type in ('created', 'updated', 'deleted')),
  resource_id text not null,
  etag        bigint not null,
  created_at  timestamptz not null default clock_timestamp()
);
create index feed_events_age on feed_events (created_at);
alter table feed_events enable row level security;
create policy own_team on feed_events for select to sigil_app
  using (team_id is null or team_id = any ((select caller_team_ids())::text[]));
create policy background on feed_events for all to sigil_worker using (true) with check (true);
grant select on feed_events to sigil_app;
grant select, delete on feed_events to sigil_worker;

-- Called once, as the last statement of a transaction. An identity alone would not do: a slower
-- transaction commits a smaller number later, and whoever remembered the larger one never sees it.
-- The lock is held until the commit is done, so numbers become visible in their own order; nothing
-- else is locked after it, so it cannot be part of a deadlock.
create function append_feed(topics text[], types text[], ids text[], etags bigint[], teams text[])
returns void
language plpgsql security definer set search_path = sigil, pg_temp
as $$
declare
  newest bigint;
begin
  perform pg_advisory_xact_lock(7450, 1);
  insert into feed_events (topic, type, resource_id, etag, team_id)
  select e.topic, e.type, e.id, e.etag, nullif(e.team, '')
  from unnest(topics, types, ids, etags, teams) with ordinality
    as e (topic, type, id, etag, team, place)
  order by e.place;
  newest := currval(pg_get_serial_sequence('sigil.feed_events', 'seq'));
  perform pg_notify('sigil_feed', newest::text);
end
$$;
revoke execute on function append_feed from public;
grant execute on function append_feed to sigil_app, sigil_worker;

-- What is held in all, whoever asks: a reader steps over what is not for it.
create function feed_bounds(out oldest bigint, out newest bigint)
language sql stable security definer set search_path = sigil, pg_temp
as $$ select coalesce(min(seq), 0), coalesce(max(seq), 0) from feed_events $$;

create table audit_events (
  seq        bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  team_id    text,
  actor_type text not null check (actor_type in ('user', 'worker', 'anonymous')),
  actor_id   text not null default '',
  key_id     text not null default '',
  action     text not null,
  resource   text not null default '',
  outcome    text not null check (outcome in ('allowed', 'refused', 'failed')),
  address    text not null default '',
  request_id text not null default '',
  details    jsonb not null default '{}',
  created_at timestamptz not null default now()
);
create index audit_events_age on audit_events (at);
create index audit_events_resource on audit_events (resource, seq);
alter table audit_events enable row level security;
create policy own_team on audit_events for select to sigil_app
  using (team_id = any ((select caller_team_ids())::text[]));
-- A refused request has no team to be checked against, and is the one worth recording.
create policy anyone_writes on audit_events for insert to sigil_app with check (true);
create policy background on audit_events for all to sigil_worker using (true) with check (true);
grant insert, select on audit_events to sigil_app;
grant insert, select, delete on audit_events to sigil_worker;
