import { sh, type Script } from "./script.ts";

/**
 * What every script of ours may use. `step WHAT` names what it is at, for whoever waits and for the error; `say` tells of
 * progress. `alone THING` waits until no other script is at work on it: one whose network went away lives on for a while.
 * `wait_until SECONDS WHAT COMMAND...` is a bounded wait that tells what it waits for; `wait_seconds`, where it is set, is the
 * bound instead. `put_file PATH MODE OWNER [CONTENT]` writes atomically, without a content from standard input.
 *
 * `unit_state UNIT`, once it is not between two states, and `file_state FILE` print what is there; `drop_ins UNIT` prints what
 * a person added to a unit of ours, and `drop_drop_ins UNIT` removes it and is true where there was any. `look_at_units UNIT...`
 * and `look_at_files FILE...` look at many at once, and the questions about each are then answered from that.
 *
 * After units were `enabled`, `disabled`, `changed` or are `gone`, `reload_units WHICH UNIT...` has systemd read all unit files
 * anew, which takes it fifteen times as long as to start one: only where it knows one of these otherwise than it is now, or
 * always where a link is `wanted` by what may run already, which `is_wanted UNIT` tells. Where another script's reload began
 * after it was asked for, that one has seen everything.
 */
export const prelude: Script = sh`set -eu
umask 022
doing=starting
lock=
trap 'code=$?; [ ! "$lock" ] || rm -f "$lock"; [ "$code" = 0 ] || printf "while %s\n" "$doing" >&2' EXIT
say() { printf '@ %s\n' "$*" >&2; }
step() { doing=$1; printf '= %s\n' "$1" >&2; }
wait_until() {
  wait_limit=\${wait_seconds:-$1} wait_what=$2; shift 2
  wait_start=$(date +%s) wait_said=$wait_start
  until wait_seen=$("$@" 2>&1); do
    wait_now=$(date +%s)
    if [ $((wait_now - wait_start)) -ge "$wait_limit" ]; then
      printf '%s\n' "gave up after $wait_limit s of waiting for $wait_what; last seen: $wait_seen" >&2
      return 1
    fi
    if [ $((wait_now - wait_said)) -ge 5 ]; then
      say "waiting for $wait_what, $((wait_now - wait_start)) s of at most $wait_limit s: $(printf '%s' "$wait_seen" | tail -n 1)"
      wait_said=$wait_now
    fi
    sleep 0.2
  done
}
is_wanted() {
  for link in /etc/systemd/system/*.wants/"$1"; do
    case $link in */multi-user.target.wants/* | */sockets.target.wants/* | */\*.wants/*) ;; *) return 0 ;; esac
  done
  return 1
}
reload_units() {
  reload_after=$1; shift
  case $reload_after,$(systemctl show -p NeedDaemonReload -p UnitFileState "$@") in
    wanted,* | *=yes* | enabled,*=disabled* | enabled,*=masked* | disabled,*=enabled*) ;;
    *) return ;;
  esac
  reload_asked=$(date +%s%N)
  {
    flock 9
    reload_begun=$(cat <&9)
    if [ "\${reload_begun:-0}" -lt "$reload_asked" ]; then
      reload_begun=$(date +%s%N)
      systemctl daemon-reload
      echo "$reload_begun" >/run/lock/torocloud-reload
    fi
  } 9<>/run/lock/torocloud-reload
}
alone() {
  alone_lock="/run/lock/torocloud-$1"
  # Whoever had it removes it, also while another waits for it.
  until [ /proc/self/fd/8 -ef "$alone_lock" ]; do
    exec 8>"$alone_lock"
    flock -n 8 || {
      say "waiting for an earlier run to leave it alone"
      flock -w 120 8 || { echo "an earlier run is still at work on $1; wait until it has ended, then run again" >&2; exit 1; }
    }
  done
  lock=$alone_lock
}
unit_known() { return 1; }
file_known() { return 1; }
look_at_units() { eval "$(show_units "$@" | sed '/NeedDaemonReload=yes\|	ActiveState=\(de\)\?activating/d' | as_function unit_known)"; }
look_at_files() {
  for file do
    shift
    if [ -f "$file" ] && [ ! -L "$file" ]; then set -- "$@" "$file"; fi
  done
  if [ $# != 0 ]; then eval "$(show_files "$@" | as_function file_known)"; fi
}
# as_function NAME: lines NAME<tab>VALUE as a function that says in $known what is known of a name, and fails where nothing is.
as_function() {
  awk -F'\t' -v name="$1" 'function word(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }
    BEGIN { print name "() { case $1 in" }
    { print word($1) ") known=" word($2) " ;;" }
    END { print "*) return 1 ;; esac; }" }'
}
show_units() {
  systemctl show -p Id -p UnitFileState -p ActiveState -p NeedDaemonReload -p DropInPaths "$@" | awk -F'\n' -v RS= '{
    split("", has); for (i = 1; i <= NF; i++) { cut = index($i, "="); has[substr($i, 1, cut - 1)] = substr($i, cut + 1) }
    printf "%s\tActiveState=%s NeedDaemonReload=%s UnitFileState=%s", has["Id"], has["ActiveState"], has["NeedDaemonReload"], has["UnitFileState"]
    paths = has["DropInPaths"]; gsub(/"/, "", paths)
    while (twice = index(paths, "\\\\")) paths = substr(paths, 1, twice - 1) substr(paths, twice + 1)
    many = split(paths, drop_ins, " ")
    for (i = 1; i <= many; i++) {
      steps = split(drop_ins[i], part, "/")
      if (part[2] != "usr" && part[steps] != "torocloud.conf" && (part[steps - 1] == has["Id"] ".d" || part[steps - 1] ~ /^torocloud/))
        printf " DropIn=%s", drop_ins[i]
    }
    print ""
  }'
}
show_files() {
  { stat -c '%n	%a %U:%G' "$@"; sha256sum "$@"; } | awk -F'\t' 'NF > 1 { is[$1] = $2; next }
    { print substr($0, 67) "\t" is[substr($0, 67)] " " substr($0, 1, 64) }'
}
unit_state() {
  # While any unit is being enabled, systemd says of all of them that a reload is needed; what fell may be about to rise.
  unit_known "$1" || for unit_try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    known=$(show_units "$1" | cut -f 2)
    case $known in *NeedDaemonReload=yes* | ActiveState=activating* | ActiveState=deactivating*) sleep 0.2 ;; *) break ;; esac
  done
  case "$known " in
    "ActiveState=inactive NeedDaemonReload="*" UnitFileState= "* | "ActiveState=inactive NeedDaemonReload="*" UnitFileState=disabled "* | "ActiveState=inactive NeedDaemonReload="*" UnitFileState=static "*) ;;
    *) printf '%s\n' "$known" ;;
  esac
}
drop_ins() {
  unit_known "$1" || known=$(show_units "$1" | cut -f 2)
  case $known in *" DropIn="*) printf '%s\n' "$known" | tr ' ' '\n' | sed -n 's/^DropIn=//p' ;; esac
}
drop_drop_ins() {
  unit_drop_ins=$(drop_ins "$1")
  [ -n "$unit_drop_ins" ] || return 1
  printf '%s\n' "$unit_drop_ins" | while read -r drop_in; do
    say "removing $drop_in"; rm -f "$drop_in"; rmdir "\${drop_in%/*}" 2>/dev/null || :
  done
}
file_state() {
  if [ -L "$1" ]; then printf 'link %s\n' "$(readlink "$1")"
  elif [ -f "$1" ]; then
    file_known "$1" || known=$(show_files "$1" | cut -f 2)
    printf '%s\n' "$known"
  fi
}
put_file() {
  put_temporary="$1.torocloud-new"
  if [ -f "$put_temporary" ] || [ -L "$put_temporary" ]; then rm -f "$put_temporary"; fi
  case "$2 $3" in "644 root:root") put_closed= ;; *) put_closed=yes ;; esac
  (
    [ ! "$put_closed" ] || umask 077
    if [ $# = 4 ]; then printf %s "$4"; else cat; fi >"$put_temporary"
  )
  if [ "$put_closed" ]; then chown "$3" "$put_temporary"; chmod "$2" "$put_temporary"; fi
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$put_temporary" "$1"; then
    # What is right stays as it is: systemd takes a file with another time for another unit.
    chown "$3" "$1"; chmod "$2" "$1"; rm -f "$put_temporary"
  else
    mv -fT "$put_temporary" "$1"
  fi
}
`;
