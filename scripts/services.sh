# Sourced by up.sh, down.sh and a test, after local.sh: who runs as what. As root, sigild runs as the user sigil, who may use the
# engine's socket, and sigil-proxy as a user of its own, who may use nothing but its folder and the control token; systemd runs
# both where it is there, else setpriv does. As anybody else both run as that user, and sigild starts the proxy itself.
# SIGIL_USER and SIGIL_PROXY_USER name other users, which then must exist.
user=${SIGIL_USER:-sigil}
proxy_user=${SIGIL_PROXY_USER:-sigil-proxy}
environment=$data_dir/environment
first_key=$data_dir/first-admin-key.json

is_root() { [ "$(id -u)" = 0 ]; }
has_systemd() { is_root && [ -d /run/systemd/system ] && [ -z "${SIGIL_NO_SYSTEMD:-}" ]; }

make_users() {
  local name
  for name in "$user" "$proxy_user"; do
    id "$name" >/dev/null 2>&1 && continue
    useradd --system --user-group --no-create-home --home-dir "$data_dir" --shell /usr/sbin/nologin "$name"
    echo "    made the user $name"
  done
}

# Whoever may use the engine's socket may become root on this host; that is sigild alone.
engine_group() {
  local group
  group=$(stat -L -c %G "$socket")
  if [ "$group" = root ] || [ "$group" = UNKNOWN ]; then
    echo "the engine's socket $socket belongs to the group $group: give it to a group of its own (dockerd --group docker)" >&2
    return 1
  fi
  echo "$group"
}

# sigild owns its data, the proxy its folder; the token is the one thing both read.
prepare_data_dir() {
  install -d -m 0755 "$data_dir"
  [ -s "$data_dir/instance" ] || head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$data_dir/instance"
  is_root || return 0
  if [ -d "$data_dir/keys" ] && [ "$(stat -c %U "$data_dir/keys")" != "$user" ]; then
    echo "    an installation that ran as $(stat -c %U "$data_dir/keys"): stopping it, its data goes to $user"
    stop_services
    [ ! -d "$data_dir/postgres" ] || chown -R "$user": "$data_dir/postgres"
  fi
  if [ ! -s "$data_dir/control.token" ]; then
    (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$data_dir/control.token" && echo >>"$data_dir/control.token")
  fi
  chown "$user:" "$data_dir" "$data_dir/instance"
  install -d -m 0700 -o "$user" -g "$(id -gn "$user")" "$data_dir/keys" "$data_dir/operations" "$data_dir/uploads" "$data_dir/run"
  install -d -m 0750 -o "$user" -g "$(id -gn "$user")" "$data_dir/log"
  install -d -m 0700 -o "$proxy_user" -g "$(id -gn "$proxy_user")" "$data_dir/proxy"
  chown -R "$user": "$data_dir/keys" "$data_dir/operations" "$data_dir/uploads"
  chown -R "$proxy_user": "$data_dir/proxy"
  chown "$user:$(id -gn "$proxy_user")" "$data_dir/control.token"
  chmod 0640 "$data_dir/control.token"
}

# SIGIL_… variables of this call hold for the services, also when systemd starts them at boot.
write_environment() { # MORE-VARIABLES…
  is_root || return 0
  install -d -m 0700 "$environment"
  {
    printenv | grep '^SIGIL_' | grep -v -e '^SIGIL_API_KEY=' -e '^SIGIL_URL=' -e '^SIGIL_ADMIN_KEY_' || true
    printf '%s\n' "SIGIL_DATA_DIR=$data_dir" "SIGIL_PROXY_START=false" "SIGIL_ADMIN_KEY_FILE=$first_key" \
      "SIGIL_ADMIN_KEY_OWNER=${SUDO_USER:-root}" "$@"
  } | sed 's/=\(.*\)$/="\1"/' >"$environment/sigild.new"
  grep -v -e '^SIGIL_DATABASE' -e '^SIGIL_CONFIG=' -e '^SIGIL_BUILDER' -e '^SIGIL_ADMIN' "$environment/sigild.new" \
    >"$environment/sigil-proxy.new"
  mv "$environment/sigild.new" "$environment/sigild"
  mv "$environment/sigil-proxy.new" "$environment/sigil-proxy"
}

render_units() { # FOLDER
  local unit
  for unit in sigil-proxy.service sigild.service; do
    sed -e "s|@PROGRAMS@|$programs|g" -e "s|@DATA@|$data_dir|g" -e "s|@SOCKET@|$socket|g" -e "s|@USER@|$user|g" \
      -e "s|@PROXY_USER@|$proxy_user|g" -e "s|@ENGINE_GROUP@|$(engine_group)|g" "scripts/systemd/$unit.in" >"$1/$unit"
  done
}

install_units() {
  render_units /etc/systemd/system
  systemctl daemon-reload
  systemctl enable --quiet sigil-proxy sigild
}

# Runs a program in the background, in a session of its own, with the variables of FILE and no other SIGIL_… one.
run_apart() { # FILE LOG COMMAND…
  local file=$1 log=$2
  shift 2
  (
    for name in $(compgen -e SIGIL_); do unset "$name"; done
    set -a
    # shellcheck disable=SC1090
    . "$file"
    set +a
    exec setsid "$@" >>"$log" 2>&1 </dev/null
  ) &
}

start_proxy() {
  if has_systemd; then
    systemctl start sigil-proxy
    return
  fi
  pid_of "$data_dir/proxy/sigil-proxy.pid" sigil-proxy >/dev/null && return
  run_apart "$environment/sigil-proxy" "$data_dir/log/sigil-proxy.log" \
    setpriv --reuid "$proxy_user" --regid "$(id -g "$proxy_user")" --clear-groups --no-new-privs \
    --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service --bounding-set=-all,+net_bind_service \
    env HOME="$data_dir/proxy" "$programs/sigil-proxy"
}

start_sigild() {
  if ! is_root; then
    setsid "$programs/sigild" >>"$data_dir/log/sigild.log" 2>&1 </dev/null &
  elif has_systemd; then
    systemctl start sigild
  else
    run_apart "$environment/sigild" "$data_dir/log/sigild.log" \
      setpriv --reuid "$user" --regid "$(id -g "$user")" --groups "$(id -g "$user"),$(getent group "$(engine_group)" | cut -d: -f3)" \
      --no-new-privs --inh-caps=-all --bounding-set=-all \
      env HOME="$data_dir" XDG_RUNTIME_DIR="$data_dir/run" "$programs/sigild"
  fi
}

start_services() {
  mkdir -p "$data_dir/log"
  if is_root; then
    if has_systemd; then install_units; else engine_group >/dev/null; fi
    start_proxy
  fi
  start_sigild
}

stop_program() { # PID_FILE NAME SECONDS
  local pid
  pid=$(pid_of "$1" "$2") || return 0
  kill -TERM "$pid"
  wait_gone "$pid" "$3" || { echo "$2 (pid $pid) did not stop within $3 s" >&2; return 1; }
  echo "stopped $2"
}

stop_services() {
  if has_systemd; then systemctl stop --quiet sigild sigil-proxy 2>/dev/null || true; fi
  stop_program "$data_dir/sigild.pid" sigild 30
  stop_program "$data_dir/proxy/sigil-proxy.pid" sigil-proxy 60
  if [ -x "$programs/sigild" ]; then "$programs/sigild" --stop-database || true; fi
}

# The key that sigild wrote where it may write goes to the person who installs, and nobody else.
hand_over_first_key() {
  is_root && [ -s "$first_key" ] || return 0
  local owner=${SIGIL_ADMIN_KEY_OWNER:-${SUDO_USER:-root}} home folder target
  home=$(getent passwd "$owner" | cut -d: -f6)
  target=${SIGIL_ADMIN_KEY_FILE:-$home/.config/sigil/credentials.json}
  if [ -z "${SIGIL_ADMIN_KEY_FILE:-}" ]; then
    for folder in "$home/.config" "$home/.config/sigil"; do
      [ -d "$folder" ] || install -d -m 0700 -o "$owner" -g "$(id -gn "$owner")" "$folder"
    done
  fi
  [ ! -e "$target" ] || mv "$target" "$target.before-sigil"
  install -m 0600 -o "$owner" -g "$(id -gn "$owner")" "$first_key" "$target"
  rm -f "$first_key"
  echo "    the first admin key is in $target"
}
