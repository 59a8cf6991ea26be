import { sh, type Script } from "./script.ts";

/**
 * What every script of ours may use: `say` for progress, `wait_until SECONDS WHAT COMMAND...` for a bounded wait
 * that tells what it waits for, `unit_state UNIT` once it is not between two states, `drop_ins UNIT` and
 * `drop_drop_ins UNIT` for what a person added to a unit of ours (true where there was any), `file_state PATH`, and
 * `put_file PATH MODE OWNER` for an atomic write from standard input. `doing` names the step, for the error.
 */
export const prelude: Script = sh`set -eu
umask 022
doing=starting
trap 'code=$?; [ "$code" = 0 ] || printf "while %s\n" "$doing" >&2' EXIT
say() { printf '@ %s\n' "$*" >&2; }
wait_until() {
  wait_limit=$1 wait_what=$2; shift 2
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
unit_state() {
  # While any unit is being enabled, systemd says of all of them that a reload is needed; what fell may be about to rise.
  for unit_try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    unit_seen=$(show_unit "$1")
    case $unit_seen in *NeedDaemonReload=yes* | ActiveState=activating* | ActiveState=deactivating*) sleep 0.2 ;; *) break ;; esac
  done
  printf '%s\n' "$unit_seen" | sed -E '/^ActiveState=inactive \S+ UnitFileState=(disabled|static)?( |$)/d'
}
show_unit() {
  systemctl show -p Id -p UnitFileState -p ActiveState -p NeedDaemonReload -p DropInPaths "$1" | awk '
    { cut = index($0, "="); has[substr($0, 1, cut - 1)] = substr($0, cut + 1) }
    END {
      printf "ActiveState=%s NeedDaemonReload=%s UnitFileState=%s", has["ActiveState"], has["NeedDaemonReload"], has["UnitFileState"]
      paths = has["DropInPaths"]; gsub(/"/, "", paths)
      while (twice = index(paths, "\\\\")) paths = substr(paths, 1, twice - 1) substr(paths, twice + 1)
      split(paths, drop_ins, " ")
      for (i = 1; i in drop_ins; i++) {
        steps = split(drop_ins[i], step, "/")
        if (step[2] != "usr" && step[steps] != "torocloud.conf" && (step[steps - 1] == has["Id"] ".d" || step[steps - 1] ~ /^torocloud/))
          printf " DropIn=%s", drop_ins[i]
      }
    }'
}
drop_ins() { show_unit "$1" | tr ' ' '\n' | sed -n 's/^DropIn=//p'; }
drop_drop_ins() {
  unit_drop_ins=$(drop_ins "$1")
  [ -n "$unit_drop_ins" ] || return 1
  printf '%s\n' "$unit_drop_ins" | while read -r drop_in; do
    say "removing $drop_in"; rm -f "$drop_in"; rmdir "\${drop_in%/*}" 2>/dev/null || :
  done
}
file_state() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink "$1")"
  elif [ -f "$1" ]; then stat -c '%a %U:%G' "$1"; sha256sum <"$1" | cut -c1-64
  fi
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
