-- Whoever acts and whoever owns: teams own everything from the first table on, so that people and
-- teams can be managed later without moving tables.
--
-- Three roles, made before any migration because they belong to the server and not to a database:
-- sigil_owner runs migrations and owns all objects, sigil_app runs requests and owns nothing,
-- sigil_worker runs background work and sees everything by policy.

create table teams (
  id         text primary key,
  name       text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  created_at timestamptz not null default now()
);

create table users (
  id          text primary key,
  name        text not null unique check (name <> '' and length(name) <= 200),
  email       text not null default '',
  is_admin    boolean not null default false,
  disabled_at timestamptz,
  created_at  timestamptz not null default now()
);

create table team_members (
  team_id    text not null references teams on delete cascade,
  user_id    text not null references users on delete cascade,
  role       text not null check (role in ('viewer', 'developer', 'admin', 'auditor')),
  created_at timestamptz not null default now(),
  primary key (team_id, user_id)
);
create index team_members_user on team_members (user_id);

-- A custom setting reads '' and not null once a transaction that set it locally is over, for the
-- rest of the session: '' must mean nobody.
create function caller_user_id() returns text
language sql stable set search_path = sigil, pg_temp
as $$ select nullif(current_setting('sigil.user_id', true), '') $$;

-- The teams the caller is a member of, narrowed to one where the transaction names one (an API
-- key's team). It reads team_members as the owner, or the policy on that table would ask itself.
create function caller_team_ids() returns text[]
language sql stable security definer set search_path = sigil, pg_temp
as $$
  select coalesce(array_agg(m.team_id), '{}')
  from team_members m join users u on u.id = m.user_id
  where m.user_id = nullif(current_setting('sigil.user_id', true), '')
    and u.disabled_at is null
    and m.team_id = coalesce(nullif(current_setting('sigil.team_id', true), ''), m.team_id)
$$;

-- Row-level security for a table with a team_id. The subselect makes PostgreSQL ask for the teams
-- once a statement and not once a row.
create procedure protect_by_team(table_name text)
language plpgsql set search_path = sigil, pg_temp
as $$
begin
  execute format('alter table %I enable row level security', table_name);
  execute format('create policy own_team on %I for all to sigil_app '
                 'using (team_id = any ((select caller_team_ids())::text[])) '
                 'with check (team_id = any ((select caller_team_ids())::text[]))', table_name);
  execute format('create policy background on %I for all to sigil_worker '
                 'using (true) with check (true)', table_name);
  execute format('grant select, insert, update, delete on %I to sigil_worker', table_name);
end
$$;
revoke execute on procedure protect_by_team from public;

-- Tables of the platform itself, for background work alone.
create procedure protect_for_workers(table_name text)
language plpgsql set search_path = sigil, pg_temp
as $$
begin
  execute format('alter table %I enable row level security', table_name);
  execute format('create policy background on %I for all to sigil_worker '
                 'using (true) with check (true)', table_name);
  execute format('grant select, insert, update, delete on %I to sigil_worker', table_name);
end
$$;
revoke execute on procedure protect_for_workers from public;

call protect_for_workers('teams');
create policy own_team on teams for select to sigil_app
  using (id = any ((select caller_team_ids())::text[]));
grant select on teams to sigil_app;

call protect_for_workers('team_members');
create policy own_team on team_members for select to sigil_app
  using (team_id = any ((select caller_team_ids())::text[]));
grant select on team_members to sigil_app;

call protect_for_workers('users');
create policy self_and_colleagues on users for select to sigil_app
  using (id = (select caller_user_id()) or id in (select m.user_id from team_members m));
grant select on users to sigil_app;

create table api_keys (
  id               text primary key,
  team_id          text not null references teams on delete cascade,
  user_id          text not null references users on delete cascade,
  name             text not null default '',
  shown            text not null,
  hash             bytea not null unique check (length(hash) = 32),
  scopes           text[] not null default '{}',
  allowed_networks text[] not null default '{}',
  expires_at       timestamptz,
  last_used_at     timestamptz,
  revoked_at       timestamptz,
  created_by       text references users on delete set null,
  created_at       timestamptz not null default now()
);
create index api_keys_team on api_keys (team_id);
create index api_keys_user on api_keys (user_id);
call protect_by_team('api_keys');
-- The hash is written by requests and read by nobody but the worker that looks a key up.
grant select (id, team_id, user_id, name, shown, scopes, allowed_networks, expires_at, last_used_at,
              revoked_at, created_by, created_at) on api_keys to sigil_app;
grant insert on api_keys to sigil_app;
grant update (name, revoked_at) on api_keys to sigil_app;

-- Answers to POSTs with an Idempotency-Key that made no operation.
create table idempotency_keys (
  user_id      text not null references users on delete cascade,
  key          text not null check (length(key) between 1 and 255),
  request_hash text not null,
  status       integer,
  body         jsonb,
  created_at   timestamptz not null default now(),
  primary key (user_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
call protect_for_workers('idempotency_keys');
create policy own_keys on idempotency_keys for all to sigil_app
  using (user_id = (select caller_user_id())) with check (user_id = (select caller_user_id()));
grant select, insert, update on idempotency_keys to sigil_app;

-- Numbers that only grow, across processes and restarts (the version of route snapshots).
create table counters (
  name       text primary key,
  value      bigint not null,
  created_at timestamptz not null default now()
);
call protect_for_workers('counters');
