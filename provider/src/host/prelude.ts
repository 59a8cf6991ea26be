import { sh, type Script } from "./script.ts";

/**
 * What every script of ours may use. `step WHAT` names what it is at, for whoever waits and for the error; `say` tells of
 * progress. `wait_until SECONDS WHAT COMMAND...` is a bounded wait that tells what it waits for; `wait_seconds`, where it is
 * set, is the bound instead. `put_file PATH MODE OWNER` writes atomically from standard input. `unit_state UNIT`, once it is not
 * between two states, `drop_ins UNIT` and `file_state FILE` print what is there; `look_at_units UNIT...` and
 * `look_at_files FILE...` look at many at once, and the questions about each are then answered from that. `drop_drop_ins UNIT`
 * removes what a person added to a unit; it fails where there is nothing.
 */
export const prelude: Script = sh`set -eu
umask 022
doing=starting
trap 'code=$?; [ "$code" = 0 ] || printf "while %s\n" "$doing" >&2' EXIT
say() { printf '@ %s\n' "$*" >&2; }
step() { doing=$1; printf '= %s\n' "$1" >&2; }
wait_until() {
  wait_limit=\${wait_seconds:-$1} wait_what=$2; shift 2
  wait_start=$(date +%s) wait_said=$wait_start
  until wait_seen=$("$@" 2>&1); do
    wait_now=$(date +%s)
    if [ $((wait_now - wait_start)) -ge "$wait_limit" ]; then
      echo "gave up after $wait_limit s of waiting for $wait_what; last seen: $wait_seen" >&2
      return 1
    fi
    if [ $((wait_now - wait_said)) -ge 5 ]; then
      say "waiting for $wait_what, $((wait_now - wait_start)) s of at most $wait_limit s: $(printf '%s' "$wait_seen" | tail -n 1)"
      wait_said=$wait_now
    fi
    sleep 0.2
  done
}
nl='
' units_seen= files_seen=
look_at_units() { units_seen="$nl$(show_units "$@" | sed '/NeedDaemonReload=yes/d; /ActiveState=[de]*activating/d')$nl"; }
look_at_files() {
  for file do
    shift
    if [ -f "$file" ]; then set -- "$@" "$file"; fi
  done
  if [ $# != 0 ]; then files_seen="$nl$(show_files "$@")$nl"; fi
}
# Of the drop-ins those that only a unit of ours has, and that no package nor we ourselves brought.
show_units() {
  systemctl show -p Id -p UnitFileState -p ActiveState -p NeedDaemonReload -p DropInPaths "$@" | awk -F'\n' -v RS= '{
    split("", has); for (i = 1; i <= NF; i++) { cut = index($i, "="); has[substr($i, 1, cut - 1)] = substr($i, cut + 1) }
    paths = has["DropInPaths"]; gsub(/"/, "", paths)
    while (twice = index(paths, "\\\\")) paths = substr(paths, 1, twice - 1) substr(paths, twice + 1)
    added = ""; count = split(paths, path, " ")
    for (i = 1; i <= count; i++) {
      steps = split(path[i], step, "/")
      if (step[2] != "usr" && step[steps] != "torocloud.conf" && (step[steps - 1] == has["Id"] ".d" || step[steps - 1] ~ /^torocloud/))
        added = added " DropIn=" path[i]
    }
    state = "ActiveState=" has["ActiveState"] " NeedDaemonReload=" has["NeedDaemonReload"] " UnitFileState=" has["UnitFileState"]
    if (has["ActiveState"] == "inactive" && has["UnitFileState"] ~ /^(disabled|static)?$/) print has["Id"] "\t"
    else print has["Id"] "\t" state added
    gsub(/ DropIn=/, " ", added); print "drop-ins of " has["Id"] "\t" substr(added, 2)
  }'
}
show_files() {
  { stat -c '%n	%a %U:%G' "$@"; sha256sum "$@"; } | awk -F'\t' 'NF > 1 { is[$1] = $2; next }
    { print substr($0, 67) "\t" is[substr($0, 67)] " " substr($0, 1, 64) }'
}
# seen TEXT NAME: what a text of lines NAME<tab>VALUE has for the name; fails when it does not have it.
seen() {
  case $1 in *"$nl$2	"*) seen_rest=\${1#*"$nl$2	"}; printf '%s\n' "\${seen_rest%%"$nl"*}" ;; *) return 1 ;; esac
}
unit_state() { about_unit "$1" "$1"; }
drop_ins() { about_unit "$1" "drop-ins of $1"; }
about_unit() {
  seen "$units_seen" "$2" && return
  # While any unit is being enabled, systemd says of all of them that a reload is needed; what fell may be about to rise.
  for unit_try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    unit_seen="$nl$(show_units "$1")$nl"
    case $unit_seen in *NeedDaemonReload=yes* | *ActiveState=activating* | *ActiveState=deactivating*) sleep 0.2 ;; *) break ;; esac
  done
  seen "$unit_seen" "$2" || :
}
drop_drop_ins() {
  units_seen= unit_drop_ins=$(drop_ins "$1")
  [ -n "$unit_drop_ins" ] || return 1
  printf '%s\n' "$unit_drop_ins" | tr ' ' '\n' | while read -r drop_in; do
    say "removing $drop_in"; rm -f "$drop_in"; rmdir "\${drop_in%/*}" 2>/dev/null || :
  done
}
file_state() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink "$1")"; return; fi
  [ -f "$1" ] || return 0
  seen "$files_seen" "$1" || show_files "$1" | cut -f 2
}
put_file() {
  put_temporary="$1.torocloud-new"
  (umask 077; cat >"$put_temporary")
  chown "$3" "$put_temporary"; chmod "$2" "$put_temporary"
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$put_temporary" "$1"; then
    # What is right stays as it is: systemd takes a file with another time for another unit.
    chown "$3" "$1"; chmod "$2" "$1"; rm -f "$put_temporary"
  else
    mv -fT "$put_temporary" "$1"
  fi
}
`;
