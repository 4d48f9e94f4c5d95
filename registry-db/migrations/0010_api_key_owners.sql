-- Whose key it is, in the words of whoever made it: a person, a program or a team may have a key
-- without an account here. Scopes become a closed set; "write" is called "deploy" from now on.
alter table api_keys
  add column owner text not null default '' check (length(owner) <= 200);
grant select (owner) on api_keys to sigil_app;
update api_keys set scopes = array_replace(scopes, 'write', 'deploy');
alter table api_keys add constraint api_keys_scopes_check
  check (scopes <@ array['admin', 'deploy', 'read', 'approve', 'metrics']);
