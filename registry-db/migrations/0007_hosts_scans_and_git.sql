-- Tables of parts that come later: they are here so that ownership and references are settled. No
-- store uses them yet.

create table hosts (
  id         text primary key,
  name       text not null unique,
  address    text not null default '',
  state      text not null default 'ready' check (state in ('ready', 'draining', 'gone')),
  details    jsonb not null default '{}',
  seen_at    timestamptz,
  created_at timestamptz not null default now()
);
call protect_for_workers('hosts');

create table scan_reports (
  id            text primary key,
  team_id       text not null references teams on delete restrict,
  deployment_id text references mcp_deployments on delete set null,
  operation_id  text references operations on delete set null,
  revision_id   text references mcp_revisions on delete set null,
  commit        text not null default '',
  verdict       text not null check (verdict in ('passed', 'warned', 'blocked', 'incomplete')),
  score         integer,
  report        jsonb not null,
  created_at    timestamptz not null default now()
);
create index scan_reports_team_age on scan_reports (team_id, created_at);
create index scan_reports_deployment on scan_reports (deployment_id);
create index scan_reports_operation on scan_reports (operation_id);
create index scan_reports_revision on scan_reports (revision_id);
call protect_by_team('scan_reports');
grant select on scan_reports to sigil_app;

create table git_hosts (
  id                        text primary key,
  kind                      text not null check (kind in ('github', 'gitlab', 'gitea', 'git')),
  name                      text not null unique,
  api_url                   text not null default '',
  web_url                   text not null default '',
  ca_bundle                 text not null default '',
  app_id                    text not null default '',
  client_id                 text not null default '',
  secret_id                 text references secrets on delete restrict,
  webhook_secret_id         text references secrets on delete restrict,
  webhook_secret_before_id  text references secrets on delete restrict,
  ssh_host_keys             text[] not null default '{}',
  capabilities              jsonb not null default '{}',
  health                    jsonb not null default '{}',
  clock_skew_ms             bigint not null default 0,
  created_at                timestamptz not null default now()
);
create index git_hosts_secret on git_hosts (secret_id);
create index git_hosts_webhook_secret on git_hosts (webhook_secret_id);
create index git_hosts_webhook_secret_before on git_hosts (webhook_secret_before_id);
call protect_for_workers('git_hosts');

create table git_installations (
  id           text primary key,
  git_host_id  text not null references git_hosts on delete cascade,
  team_id      text not null references teams on delete restrict,
  external_id  text not null,
  account      text not null,
  permissions  jsonb not null default '{}',
  events       text[] not null default '{}',
  suspended_at timestamptz,
  removed_at   timestamptz,
  created_at   timestamptz not null default now(),
  unique (git_host_id, external_id),
  unique (id, team_id)
);
create index git_installations_team on git_installations (team_id);
call protect_by_team('git_installations');
grant select on git_installations to sigil_app;

create table git_repositories (
  id                text primary key,
  git_host_id       text not null references git_hosts on delete cascade,
  installation_id   text not null,
  team_id           text not null,
  external_id       text not null,
  full_name         text not null,
  default_branch    text not null default '',
  is_private        boolean not null default true,
  is_archived       boolean not null default false,
  etag              text not null default '',
  tree_sha          text not null default '',
  mcp_verdict       text not null default '',
  mcp_manifest_path text not null default '',
  checked_at        timestamptz,
  created_at        timestamptz not null default now(),
  unique (git_host_id, external_id),
  foreign key (installation_id, team_id) references git_installations (id, team_id)
    on update cascade on delete cascade
);
create index git_repositories_installation on git_repositories (installation_id);
create index git_repositories_full_name on git_repositories (full_name);
call protect_by_team('git_repositories');
grant select on git_repositories to sigil_app;
