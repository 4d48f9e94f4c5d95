-- The registry: packages, their versions with server.json kept whole, and what servers offer. Public
-- packages are read by everyone, without authentication too; their team writes them.

create table mcp_packages (
  id             text primary key,
  team_id        text not null references teams on delete restrict,
  name           text not null unique check (name ~ '^[^/]+/[^/]+$' and length(name) <= 200),
  title          text not null default '',
  description    text not null default '',
  repository_url text not null default '',
  website_url    text not null default '',
  license        text not null default '',
  labels         jsonb not null default '{}' check (jsonb_typeof(labels) = 'object'),
  is_public      boolean not null default true,
  -- Name, title, description and names of tools of the latest version, kept by publish.
  search_text    text not null default '',
  search_words   tsvector not null
                   generated always as (to_tsvector('simple', search_text)) stored,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  version        bigint not null default 1,
  unique (id, team_id)
);
create index mcp_packages_team on mcp_packages (team_id);
create index mcp_packages_short_name on mcp_packages (split_part(name, '/', 2));
call protect_by_team('mcp_packages');
create policy public_packages on mcp_packages for select to sigil_app using (is_public);
grant select, insert, update, delete on mcp_packages to sigil_app;

alter table mcp_deployments add foreign key (package_id) references mcp_packages
  on delete set null;

create table mcp_package_versions (
  id                text primary key,
  package_id        text not null,
  team_id           text not null,
  version           text not null
                      check (version <> '' and version <> 'latest' and length(version) <= 255),
  server_json       jsonb not null,
  status            text not null default 'active'
                      check (status in ('active', 'deprecated', 'deleted')),
  status_message    text not null default '' check (length(status_message) <= 500),
  is_latest         boolean not null default false,
  deployment_id     text references mcp_deployments on delete set null,
  commit            text not null default '',
  manifest_hash     text not null default '',
  status_changed_at timestamptz not null default now(),
  published_at      timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  created_at        timestamptz not null default now(),
  unique (package_id, version),
  foreign key (package_id, team_id) references mcp_packages (id, team_id)
    on update cascade on delete cascade
);
create unique index mcp_package_versions_latest on mcp_package_versions (package_id)
  where is_latest;
create index mcp_package_versions_deployment on mcp_package_versions (deployment_id);
create index mcp_package_versions_updated on mcp_package_versions (updated_at);
call protect_by_team('mcp_package_versions');
create policy public_packages on mcp_package_versions for select to sigil_app
  using (exists (select from mcp_packages p where p.id = package_id and p.is_public));
grant select, insert, update, delete on mcp_package_versions to sigil_app;

-- Tools, prompts and resources, as listed from a running revision, or copied to the version that
-- describes it and outlives the deployment.
create table mcp_tools (
  id                 bigint generated always as identity primary key,
  team_id            text not null,
  revision_id        text references mcp_revisions on delete cascade,
  package_version_id text references mcp_package_versions on delete cascade,
  kind               text not null
                       check (kind in ('tool', 'prompt', 'resource', 'resource_template')),
  position           integer not null,
  name               text not null,
  title              text not null default '',
  description        text not null default '',
  definition         jsonb not null,
  hash               text not null default '',
  created_at         timestamptz not null default now(),
  check (num_nonnulls(revision_id, package_version_id) = 1)
);
create index mcp_tools_revision on mcp_tools (revision_id, kind, position);
create index mcp_tools_version on mcp_tools (package_version_id, kind, position);
call protect_by_team('mcp_tools');
create policy public_packages on mcp_tools for select to sigil_app
  using (package_version_id is not null and exists (
    select from mcp_package_versions v join mcp_packages p on p.id = v.package_id
    where v.id = package_version_id and p.is_public));
grant select, insert, delete on mcp_tools to sigil_app;

-- Deployments of a package as everyone may see them who may see the package: no more than the name,
-- which is in the endpoint anyway, and the state. It runs as the owner, so it asks itself whether
-- the caller may see the package.
create function deployments_of_package(wanted text)
returns table (id text, name text, state text)
language sql stable security definer set search_path = sigil, pg_temp
as $$
  select d.id, d.name, d.state
  from mcp_deployments d join mcp_packages p on p.id = d.package_id
  where p.id = wanted and not d.is_deleting
    and (p.is_public or p.team_id = any ((select caller_team_ids())::text[])
         or current_setting('role') = 'sigil_worker')
  order by d.name
$$;
