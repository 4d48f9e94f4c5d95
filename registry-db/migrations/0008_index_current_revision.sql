-- Removing a revision asks whether any deployment still points at it; without this the question
-- reads all deployments.
create index mcp_deployments_current_revision on mcp_deployments (current_revision_id);
