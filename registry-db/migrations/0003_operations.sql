-- The record of long requests, which is also the queue that workers take them from.

create table operations (
  id                  text primary key,
  team_id             text not null references teams on delete restrict,
  kind                text not null check (kind in ('deploy', 'restart', 'delete')),
  state               text not null default 'queued' check (state in (
                        'queued', 'running', 'waiting', 'awaiting_approval', 'succeeded', 'failed',
                        'cancelled', 'skipped', 'superseded')),
  deployment_id       text references mcp_deployments on delete set null,
  -- What it was about, readable after the deployment is gone.
  subject_id          text not null default '',
  subject_name        text not null default '',
  request             jsonb not null default '{}',
  progress            jsonb not null default '{}' check (jsonb_typeof(progress) = 'object'),
  result              jsonb,
  error               jsonb,
  cause_kind          text not null default 'api',
  cause_request_id    text not null default '',
  cause_user_id       text references users on delete set null,
  idempotency_key     text check (length(idempotency_key) between 1 and 255),
  request_hash        text not null default '',
  worker              text not null default '',
  attempt             integer not null default 0,
  lease_until         timestamptz,
  cancel_requested_at timestamptz,
  started_at          timestamptz,
  ended_at            timestamptz,
  created_at          timestamptz not null default clock_timestamp(),
  version             bigint not null default 1,
  check ((state in ('succeeded', 'failed', 'cancelled', 'skipped', 'superseded'))
         = (ended_at is not null))
);
-- Two workers that look at the same moment cannot both start one for the same deployment.
create unique index operations_one_running on operations (deployment_id) where state = 'running';
create unique index operations_idempotency on operations (cause_user_id, idempotency_key)
  where idempotency_key is not null;
create index operations_queue on operations (created_at, id) where state = 'queued';
create index operations_leases on operations (lease_until) where state = 'running';
create index operations_deployment on operations (deployment_id);
create index operations_subject on operations (subject_id);
create index operations_team_age on operations (team_id, created_at);
create index operations_age on operations (created_at, id);
call protect_by_team('operations');
grant select, insert, update on operations to sigil_app;

alter table mcp_revisions add foreign key (operation_id) references operations on delete set null;
create unique index mcp_revisions_operation on mcp_revisions (operation_id);
alter table mcp_replicas add foreign key (operation_id) references operations on delete set null;
create index mcp_replicas_operation on mcp_replicas (operation_id);

create table operation_steps (
  operation_id text not null references operations on delete cascade,
  team_id      text not null,
  position     integer not null,
  name         text not null,
  state        text not null default 'pending' check (state in (
                 'pending', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
  outcome      text not null default '',
  error        jsonb,
  started_at   timestamptz,
  ended_at     timestamptz,
  created_at   timestamptz not null default now(),
  primary key (operation_id, name)
);
call protect_by_team('operation_steps');
grant select, insert, update on operation_steps to sigil_app;

-- The last number given. The row is locked from the numbering to the commit, so numbers have no
-- gaps and become visible in their order.
create table operation_event_heads (
  operation_id text primary key references operations on delete cascade,
  team_id      text not null,
  last_seq     bigint not null,
  created_at   timestamptz not null default now()
);
call protect_by_team('operation_event_heads');
grant select, insert, update on operation_event_heads to sigil_app;

create table operation_events (
  operation_id    text not null references operation_event_heads on delete cascade,
  team_id         text not null,
  seq             bigint not null,
  at              timestamptz not null,
  step            text not null default '',
  stream          text not null check (stream in ('stdout', 'stderr', 'sigil')),
  level           text not null check (level in ('debug', 'info', 'warn', 'error')),
  text            text not null,
  truncated_bytes bigint not null default 0,
  created_at      timestamptz not null default now(),
  primary key (operation_id, seq)
);
call protect_by_team('operation_events');
grant select, insert on operation_events to sigil_app;
