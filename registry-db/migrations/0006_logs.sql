-- Log lines of deployments. Heads hold the numbering (locked from the numbering to the commit) and
-- the sums, which survive pruning.

create table deployment_log_heads (
  deployment_id text primary key,
  team_id       text not null,
  last_seq      bigint not null,
  dropped       bigint not null default 0,  -- numbers 1 … dropped are pruned
  bytes         bigint not null,            -- of what is held
  created_at    timestamptz not null default now(),
  foreign key (deployment_id, team_id) references mcp_deployments (id, team_id)
    on update cascade on delete cascade
);
call protect_by_team('deployment_log_heads');
grant select on deployment_log_heads to sigil_app;

create table deployment_log_lines (
  deployment_id   text not null references deployment_log_heads on delete cascade,
  team_id         text not null,
  seq             bigint not null,
  at              timestamptz not null,
  replica_id      text not null default '',
  revision        bigint not null default 0,
  stream          text not null check (stream in ('stdout', 'stderr', 'sigil')),
  text            text not null,
  truncated_bytes bigint not null default 0,
  created_at      timestamptz not null default now(),
  primary key (deployment_id, seq)
);
call protect_by_team('deployment_log_lines');
grant select on deployment_log_lines to sigil_app;
