-- What shall run (deployments), what exactly (revisions), and what does run (replicas). Every child
-- repeats its team: row-level security then compares a column instead of asking the parent for each
-- row, and the pair (id, team_id) as foreign key keeps the two from disagreeing.

create table uploads (
  id           text primary key,
  team_id      text not null references teams on delete cascade,
  user_id      text references users on delete set null,
  size         bigint not null check (size >= 0),
  sha256       text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  "offset"     bigint not null default 0 check ("offset" between 0 and size),
  completed_at timestamptz,
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null
);
create index uploads_team on uploads (team_id);
create index uploads_expiry on uploads (expires_at);
call protect_by_team('uploads');
grant select, insert, update, delete on uploads to sigil_app;

create table mcp_deployments (
  id                  text primary key,
  team_id             text not null references teams on delete restrict,
  name                text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  state               text not null default 'starting' check (state in (
                        'starting', 'healthy', 'degraded', 'unhealthy', 'crash_looping',
                        'suspended', 'stopped', 'failed')),
  state_reason        text not null default '',
  state_since         timestamptz not null default now(),
  source_kind         text not null check (source_kind in (
                        'git', 'npm', 'pypi', 'upload', 'image', 'path')),
  source_location     text not null default '',
  source_ref          text not null default '',
  source_path         text not null default '',
  source_upload_id    text not null default '',  -- as it was named; the upload itself expires
  config              jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  env                 jsonb not null default '{}' check (jsonb_typeof(env) = 'object'),
  args                text[] not null default '{}',
  labels              jsonb not null default '{}' check (jsonb_typeof(labels) = 'object'),
  ignore_manifest     boolean not null default false,
  replicas            integer not null default 1 check (replicas between 0 and 1000),
  current_revision_id text,
  revisions_made      bigint not null default 0,  -- a number is never given twice
  package_id          text,
  is_deleting         boolean not null default false,
  created_by          text references users on delete set null,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  version             bigint not null default 1,
  unique (id, team_id)
);
create index mcp_deployments_team on mcp_deployments (team_id);
create index mcp_deployments_package on mcp_deployments (package_id);
call protect_by_team('mcp_deployments');
grant select, insert, update on mcp_deployments to sigil_app;

create table mcp_revisions (
  id              text primary key,
  team_id         text not null,
  deployment_id   text not null,
  number          bigint not null check (number > 0),
  operation_id    text,
  image           text not null,
  commit          text not null default '',
  source_version  text not null default '',
  manifest_hash   text not null default '',
  manifest_format text not null default '',
  transport       text not null check (transport in ('stdio', 'streamable_http', 'sse')),
  port            integer not null check (port between 1 and 65535),
  endpoint_path   text not null default '/mcp',
  settings        jsonb not null default '{}',
  plan            jsonb not null default '{}',
  cause           text not null default 'deploy'
                    check (cause in ('deploy', 'rollback', 'settings')),
  created_by      text references users on delete set null,
  created_at      timestamptz not null default now(),
  unique (deployment_id, number),
  unique (id, deployment_id),
  foreign key (deployment_id, team_id) references mcp_deployments (id, team_id)
    on update cascade on delete cascade
);
create index mcp_revisions_image on mcp_revisions (image);
call protect_by_team('mcp_revisions');
-- Immutable: nobody is granted an update.
revoke update on mcp_revisions from sigil_worker;
grant select on mcp_revisions to sigil_app;

-- A deployment's current revision is one of its own.
alter table mcp_deployments add foreign key (current_revision_id, id)
  references mcp_revisions (id, deployment_id) on delete set null (current_revision_id);

create table mcp_replicas (
  id                text primary key,
  team_id           text not null,
  deployment_id     text not null,
  revision_id       text not null,
  operation_id      text,
  state             text not null default 'starting' check (state in (
                      'starting', 'ready', 'draining', 'stopped', 'crashed')),
  container         text not null default '',
  address           text not null default '',
  port              integer not null default 0,
  restarts          integer not null default 0,
  exit_code         integer,
  was_out_of_memory boolean not null default false,
  last_stderr       text[] not null default '{}',
  started_at        timestamptz,
  ready_at          timestamptz,
  draining_since    timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  foreign key (deployment_id, team_id) references mcp_deployments (id, team_id)
    on update cascade on delete cascade,
  foreign key (revision_id, deployment_id) references mcp_revisions (id, deployment_id)
    on delete cascade
);
create index mcp_replicas_deployment on mcp_replicas (deployment_id);
create index mcp_replicas_revision on mcp_replicas (revision_id);
call protect_by_team('mcp_replicas');
grant select on mcp_replicas to sigil_app;

-- Sealed by sigild before they come here. Of a deployment, or (without one) of the team.
create table secrets (
  id            text primary key,
  team_id       text not null references teams on delete cascade,
  deployment_id text,
  name          text not null check (name <> '' and length(name) <= 255),
  sealed        bytea not null,
  set_by        text references users on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (deployment_id, team_id) references mcp_deployments (id, team_id)
    on update cascade on delete cascade
);
create unique index secrets_deployment_name on secrets (deployment_id, name)
  where deployment_id is not null;
create unique index secrets_team_name on secrets (team_id, name) where deployment_id is null;
call protect_by_team('secrets');
-- Requests write secrets and see their names; only background work reads them.
grant select (id, team_id, deployment_id, name, set_by, created_at, updated_at)
  on secrets to sigil_app;
grant insert, delete on secrets to sigil_app;
grant update (sealed, set_by, updated_at) on secrets to sigil_app;
