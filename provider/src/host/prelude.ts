import { sh, type Script } from "./script.ts";

/**
 * What every script of ours may use: `say` for progress, `wait_until SECONDS WHAT COMMAND...` for a bounded wait
 * that tells what it waits for, `unit_state UNIT`, and `put_file PATH MODE OWNER` for an atomic write from
 * standard input. `doing` names the step, for the error.
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
  # While any unit is being enabled, systemd says of all of them that a reload is needed.
  for unit_try in 1 2 3 4 5 6 7 8 9 10; do
    unit_seen=$(systemctl show -p UnitFileState -p ActiveState -p NeedDaemonReload "$1" | sort | tr '\n' ' ')
    case $unit_seen in *NeedDaemonReload=yes*) sleep 0.2 ;; *) break ;; esac
  done
  printf '%s\n' "$unit_seen" | sed -E '/ActiveState=inactive .*UnitFileState=(disabled|static)? *$/d'
}
put_file() {
  put_temporary="$1.torocloud-new"
  (umask 077; cat >"$put_temporary")
  chown "$3" "$put_temporary"; chmod "$2" "$put_temporary"
  mv -fT "$put_temporary" "$1"
}
`;
