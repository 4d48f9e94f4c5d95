# Sourced by up.sh and down.sh: where this installation's things are. Everything can be moved by the settings' own variables.
if [ "$(id -u)" = 0 ]; then
  data_dir=${SIGIL_DATA_DIR:-/var/lib/sigil}
  prefix=${SIGIL_PREFIX:-/usr/local}
else
  data_dir=${SIGIL_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/sigil}
  prefix=${SIGIL_PREFIX:-$HOME/.local}
fi
export SIGIL_DATA_DIR=$data_dir
programs=${SIGIL_PROGRAMS:-$prefix/lib/sigil}
socket=${SIGIL_DOCKER_SOCKET:-/var/run/docker.sock}
front_door=http://${SIGIL_LISTEN:-127.0.0.1:7450}

# A process that has ended but was not waited for yet still has its name and its folder under /proc.
is_alive() { # PID
  local state
  state=$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) && [ -n "$state" ] && [ "$state" != Z ]
}

# The process named in a pid file, if it runs and is the program we think it is (pids are used again).
pid_of() { # FILE PROGRAM
  local pid
  [ -r "$1" ] && pid=$(<"$1") && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && is_alive "$pid" && echo "$pid"
}

wait_gone() { # PID SECONDS
  local deadline=$((SECONDS + $2))
  while is_alive "$1"; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
}

engine() { curl --silent --show-error --noproxy '*' --unix-socket "$socket" "$@"; }
