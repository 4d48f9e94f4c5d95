-- Every deploy is scanned. A report is found again by what it was made from, so that an unchanged
-- source is not scanned twice; waivers say who answers for an issue, and until when.
alter table scan_reports
  add column cache_key text not null default '',
  add column sbom jsonb;
create index scan_reports_cache on scan_reports (cache_key, created_at);

create table scan_waivers (
  id            text primary key,
  team_id       text not null references teams on delete restrict,
  deployment_id text references mcp_deployments on delete cascade,
  rule          text not null,
  fingerprint   text not null default '',
  path          text not null default '',
  commit        text not null default '',
  reason        text not null check (reason <> ''),
  author_id     text not null references users on delete restrict,
  approver_id   text references users on delete restrict,
  is_alone      boolean not null default false,
  expires_at    timestamptz not null,
  approved_at   timestamptz,
  revoked_at    timestamptz,
  created_at    timestamptz not null default now(),
  check (fingerprint <> '' or path <> ''),
  check (approver_id is null or approver_id <> author_id or is_alone)
);
create index scan_waivers_team on scan_waivers (team_id, created_at);
create index scan_waivers_deployment on scan_waivers (deployment_id);
create index scan_waivers_author on scan_waivers (author_id);
create index scan_waivers_approver on scan_waivers (approver_id);
call protect_by_team('scan_waivers');
grant select, insert on scan_waivers to sigil_app;
grant update (approver_id, approved_at, revoked_at) on scan_waivers to sigil_app;
