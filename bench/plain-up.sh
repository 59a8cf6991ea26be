#!/usr/bin/env bash
# The example cloud without Pulumi, as an administrator in a hurry would script it: what torocloud's speed is measured
# against (npm run bench -- up). Fresh Debian 13 hosts only; nothing is repaired, removed or run twice.
#
# Usage: plain-up.sh --ssh-config FILE --node NAME=ADDRESS... --host NAME... --vsock-device FILE --forwarder FILE
#                    --kvm-probe FILE --kernel FILE --initramfs FILE --site FOLDER
#
# Everything that can run side by side does: one connection per host, one script per host and phase, and a phase begins
# on a host when what it needs is there. Prints "@ SECONDS WHERE WHAT" as each step ends.
set -euo pipefail

nodes=() addresses=() hosts=()
while [ $# -gt 1 ]; do
  case $1 in
    --ssh-config) ssh_config=$2 ;;
    --node) nodes+=("${2%%=*}") addresses+=("${2#*=}") ;;
    --host) hosts+=("$2") ;;
    --vsock-device) vsock_device=$2 ;;
    --forwarder) forwarder=$2 ;;
    --kvm-probe) kvm_probe=$2 ;;
    --kernel) kernel=$2 ;;
    --initramfs) initramfs=$2 ;;
    --site) site=$2 ;;
    *) echo "$0: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
: "${ssh_config:?} ${vsock_device:?} ${forwarder:?} ${kvm_probe:?} ${kernel:?} ${initramfs:?} ${site:?}"
: "${nodes[2]:?three nodes are needed} ${hosts[0]:?a host is needed}"

began=${EPOCHREALTIME/[.,]/}
work=$(mktemp -d)
finish() {
  local code=$? host pid
  for pid in $(jobs -pr); do kill "$pid" 2>/dev/null || :; done
  for host in "${nodes[@]}" "${hosts[@]}"; do
    ssh -F "$ssh_config" -o ControlPath="$work/$host" -O exit "$host" 2>/dev/null || :
  done
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mark() {
  local elapsed=$((${EPOCHREALTIME/[.,]/} - began))
  printf '@ %d.%03d %s %s\n' $((elapsed / 1000000)) $((elapsed / 1000 % 1000)) "$1" "$2"
}

connect() {
  ssh -F "$ssh_config" -o BatchMode=yes -o ControlMaster=yes -o ControlPath="$work/$1" -o ControlPersist=yes -fN "$1"
}

# Runs a command line on a host over the one connection to it; lines "@ WHAT" that it prints are told with their time, and
# its error text when it fails.
on() {
  local host=$1 said code=0
  shift
  said=$(mktemp "$work/$host.XXXXXX")
  ssh -F "$ssh_config" -o BatchMode=yes -o ControlPath="$work/$host" "$host" "$@" 2>"$said" |
    while IFS= read -r line; do
      case $line in "@ "*) mark "$host" "${line#@ }" ;; esac
    done || code=$?
  [ "$code" = 0 ] || tail -n 30 "$said" | sed "s/^/$host: /" >&2
  return "$code"
}

# Starts a function in the background; `await NAME` waits for it and fails when it did.
start() {
  local name=$1
  shift
  "$@" &
  declare -g "pid_$name=$!"
}
await() {
  local pid="pid_$1"
  wait "${!pid}" || { echo "$0: $1 failed" >&2; exit 1; }
}

# ---------------------------------------------------------------- identity and keys, made here so that no host waits for another

fsid=$(cat /proc/sys/kernel/random/uuid)
ceph_key() {
  { printf '\1\0\0\0\0\0\0\0\0\0\20\0'; head -c 16 /dev/urandom; } | base64 -w 0
}
section() { # entity key [service capability]...
  printf '[%s]\n\tkey = %s\n' "$1" "$2"
  shift 2
  while [ $# -gt 0 ]; do
    printf '\tcaps %s = "%s"\n' "$1" "$2"
    shift 2
  done
}
everything=(mon 'allow *' mgr 'allow *' osd 'allow *' mds 'allow *')
admin_key=$(ceph_key)
client_key=$(ceph_key)
seed=$(
  section mon. "$(ceph_key)" mon 'allow *'
  section client.admin "$admin_key" "${everything[@]}"
  section client.ceph "$client_key" mon 'allow r fsname=ceph' mds 'allow rw fsname=ceph path=/torocloud' \
    osd 'allow rw tag cephfs data=ceph'
)
declare -A mgr_keys mds_keys
for node in "${nodes[@]:0:2}"; do
  mgr_keys[$node]=$(ceph_key)
  mds_keys[$node]=$(ceph_key)
  seed+=$'\n'$(section "mgr.$node" "${mgr_keys[$node]}" mon 'allow profile mgr' osd 'allow *' mds 'allow *')
  seed+=$'\n'$(section "mds.$node" "${mds_keys[$node]}" mon 'allow profile mds' mgr 'allow profile mds' mds 'allow *' osd 'allow *')
done

mon_host='' monmap=''
for index in "${!nodes[@]}"; do
  vector="[v2:${addresses[index]}:3300,v1:${addresses[index]}:6789]"
  mon_host+=${mon_host:+,}$vector
  monmap+=" --addv ${nodes[index]} $vector"
done
client_conf="[global]
fsid = $fsid
mon_host = $mon_host"
ceph_conf="$client_conf
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
mds_cache_memory_limit = 536870912
mgr_initial_modules = iostat
mgr_disabled_modules = alerts,cephadm,dashboard,diskprediction_local,influx,insights,k8sevents,localpool,mds_autoscaler,mirroring,nfs,osd_perf_query,osd_support,prometheus,restful,rook,selftest,snap_schedule,stats,telegraf,test_orchestrator,zabbix
mon_data_avail_warn = 10
mon_election_timeout = 1
mon_memory_target = 536870912
mon_osd_down_out_subtree_limit = host
osd_mclock_skip_benchmark = true
osd_memory_target = 1073741824"

# ---------------------------------------------------------------- what runs on the hosts

install_packages='
set -eu
umask 022
export DEBIAN_FRONTEND=noninteractive
install_packages() {
  apt-get -qy -o Dpkg::Options::=--force-confold install --no-install-recommends "$@" >&2
}
install_all() { install_packages "$@" || { apt-get -q update >&2; install_packages "$@"; }; }
'

# A whole node: monitor, manager, metadata server and OSD. Nothing waits but for the quorum.
node_script=$(cat <<'SCRIPT'
install_all ceph-mon ceph-mgr ceph-osd ceph-mds ceph-common python3-cephfs
echo '@ packages'
secret() { install -o ceph -g ceph -m 600 /dev/stdin "$1"; }
cd /
printf '%s\n' "$ceph_conf" >/etc/ceph/ceph.conf
printf '[client.admin]\n\tkey = %s\n' "$admin_key" | install -m 600 /dev/stdin /etc/ceph/ceph.client.admin.keyring

store=/var/lib/ceph/osd/ceph-$number
install -d -o ceph -g ceph -m 750 "$store"
osd_key=$(ceph-authtool --gen-print-key)
printf '[osd.%s]\n\tkey = %s\n' "$number" "$osd_key" | secret "$store/keyring"
fallocate -l 4G "$store/block"
chown ceph:ceph "$store/block"
uuid=$(cat /proc/sys/kernel/random/uuid)
ceph-osd --mkfs --no-mon-config -i "$number" --osd-objectstore bluestore --osd-data "$store" --osd-uuid "$uuid" \
  --setuser ceph --setgroup ceph >&2 &
mkfs=$!

printf '%s\n' "$seed" | secret /var/lib/ceph/tmp/seed
monmaptool --create --clobber --fsid "$fsid" $monmap --enable-all-features --set-min-mon-release reef /var/lib/ceph/tmp/monmap >&2
install -d -o ceph -g ceph -m 750 "/var/lib/ceph/mon/ceph-$node"
ceph-mon --mkfs -i "$node" --fsid "$fsid" --monmap /var/lib/ceph/tmp/monmap --keyring /var/lib/ceph/tmp/seed \
  --setuser ceph --setgroup ceph >&2
rm -f /var/lib/ceph/tmp/seed
daemons="ceph-mon@$node"
if [ -n "$mgr_key" ]; then
  install -d -o ceph -g ceph -m 750 "/var/lib/ceph/mgr/ceph-$node" "/var/lib/ceph/mds/ceph-$node"
  printf '[mgr.%s]\n\tkey = %s\n' "$node" "$mgr_key" | secret "/var/lib/ceph/mgr/ceph-$node/keyring"
  printf '[mds.%s]\n\tkey = %s\n' "$node" "$mds_key" | secret "/var/lib/ceph/mds/ceph-$node/keyring"
  # Debian 13's python3-bcrypt does not load in ceph-mgr's sub-interpreters, and with it none of its modules.
  install -d /usr/local/lib/ceph-mgr-modules /etc/systemd/system/ceph-mgr@.service.d
  cat >/usr/local/lib/ceph-mgr-modules/bcrypt.py <<'PYTHON'
import ctypes, os

_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p
_crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_alphabet = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def gensalt(rounds=12, prefix=b"2b"):
    salt = bytes(_alphabet[byte % 64] for byte in os.urandom(21)) + b"."
    return b"$%s$%02d$%s" % (prefix, rounds, salt)


def hashpw(password, salt):
    return _crypt(password, salt)


def checkpw(password, hashed_password):
    return hashpw(password, hashed_password) == hashed_password
PYTHON
  printf '[Service]\nEnvironment=PYTHONPATH=/usr/local/lib/ceph-mgr-modules\n' >/etc/systemd/system/ceph-mgr@.service.d/modules.conf
  daemons="$daemons ceph-mgr@$node ceph-mds@$node"
fi
systemctl daemon-reload
systemctl enable --quiet --now $daemons

# Waits for the quorum by itself.
printf '{"cephx_secret":"%s"}' "$osd_key" | timeout 180 ceph --connect-timeout 120 osd new "$uuid" "$number" -i - >&2
echo '@ quorum'
wait "$mkfs"
systemctl enable --quiet --now "ceph-osd@$number"
echo '@ daemons'
SCRIPT
)

# After the first node's own part.
file_system_script=$(cat <<'SCRIPT'
ceph osd pool create ceph_metadata 8 8 replicated --autoscale-mode=off >&2 &
metadata=$!
ceph osd pool create ceph_data 32 32 replicated --autoscale-mode=off >&2
wait "$metadata"
ceph fs new ceph ceph_metadata ceph_data >&2
timeout 180 python3 -c '
import cephfs
fs = cephfs.LibCephFS(conffile="/etc/ceph/ceph.conf", auth_id="admin")
fs.mount(filesystem_name=b"ceph")
fs.mkdirs(b"/torocloud", 0o755)
fs.shutdown()'
echo '@ file system'
SCRIPT
)

# Quorum, an available manager, OSDs up and in, all placement groups active+clean, an active metadata server.
settle_script=$(cat <<'SCRIPT'
settled() {
  ceph status --format json 2>/dev/null | python3 -c '
import json, sys
d = json.load(sys.stdin)
osds = d["osdmap"]
states = {s["state_name"]: s["count"] for s in d["pgmap"]["pgs_by_state"]}
sys.exit(not (
    len(d["quorum_names"]) == 3 and d["mgrmap"]["available"]
    and osds["num_osds"] == osds["num_up_osds"] == osds["num_in_osds"] == 3
    and set(states) == {"active+clean"} and d["pgmap"]["num_pools"] >= 2
    and any(r["status"] == "up:active" for r in d["fsmap"]["by_rank"])))'
}
tries=600
until settled; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { ceph status >&2; exit 1; }
  sleep 0.2
done
echo '@ settled'
SCRIPT
)

# A host that runs a guest, up to the point where it needs the file system.
host_script=$(cat <<'SCRIPT'
install_all ceph-common ceph-fuse qemu-system-x86 virtiofsd python3
echo '@ packages'
install -d /srv/torocloud /var/log/guests /etc/ceph
printf '%s\n' "$client_conf" >/etc/ceph/ceph.conf
printf '[client.ceph]\n\tkey = %s\n' "$client_key" | install -m 600 /dev/stdin /etc/ceph/ceph.client.ceph.keyring

kvm_works() {
  [ -c /dev/kvm ] || return 1
  probe=$(mktemp)
  printf %s "$kvm_probe" | base64 -d >"$probe"
  code=0
  timeout 5 qemu-system-x86_64 -M microvm,acpi=off,pic=off,pit=off,rtc=off,isa-serial=off -accel kvm -cpu host -m 16 \
    -nodefaults -no-user-config -display none -monitor none -serial none -parallel none -no-reboot \
    -device isa-debug-exit,iobase=0xf4,iosize=0x4 -kernel "$probe" >/dev/null 2>&1 || code=$?
  rm -f "$probe"
  [ "$code" = 33 ] || [ "$code" = 35 ]
}
if kvm_works; then
  machine='-machine microvm,memory-backend=memory,pit=off,pic=off,rtc=off -accel kvm -cpu host'
  clock=''
else
  mhz=$({ dmesg 2>/dev/null | sed -n 's/.*tsc: Detected \([0-9.]*\) MHz.*/\1/p'; sed -n 's/^cpu MHz.*: //p' /proc/cpuinfo; } | head -n 1)
  machine='-machine microvm,memory-backend=memory,pic=off -accel tcg,thread=multi,tb-size=32 -cpu max'
  clock=" tsc=reliable tsc_early_khz=$(awk -v mhz="$mhz" 'BEGIN { print int(mhz * 1000) }')"
fi

cd /etc/systemd/system
cat >cephfs.service <<UNIT
[Unit]
After=network-online.target
Wants=network-online.target
[Service]
Type=exec
ExecStart=/usr/bin/ceph-fuse -f --id ceph --client_fs ceph --client_mountpoint /torocloud /srv/torocloud
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
cat >guest-vsock.service <<UNIT
[Unit]
PartOf=guest.service
[Service]
Type=exec
RuntimeDirectory=guest-vsock
ExecStart=/usr/local/bin/vhost-device-vsock --vm guest-cid=5,uds-path=/run/guest-vsock/dial.sock,socket=/run/guest-vsock/device.sock
ExecStartPost=/bin/sh -c 'until [ -S /run/guest-vsock/device.sock ]; do sleep 0.05; done'
Restart=always
RestartSec=1
UNIT
cat >guest-share.socket <<UNIT
[Socket]
ListenStream=/run/guest-share.sock
SocketMode=0600
[Install]
WantedBy=sockets.target
UNIT
cat >guest-share.service <<UNIT
[Unit]
BindsTo=cephfs.service
After=cephfs.service
[Service]
Type=exec
ExecStart=/usr/libexec/virtiofsd --fd=3 --shared-dir=/srv/torocloud/shares/web --cache=auto --sandbox=namespace --inode-file-handles=never
Restart=on-failure
UNIT
cat >guest.service <<UNIT
[Unit]
BindsTo=cephfs.service
Requires=guest-share.socket guest-vsock.service
After=cephfs.service guest-share.socket guest-vsock.service
[Service]
Type=exec
ExecStart=/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -display none -monitor none -no-reboot $machine -smp 1 -m 128M -object memory-backend-memfd,id=memory,size=128M,share=on -kernel /srv/torocloud/images/web/kernel -initrd /srv/torocloud/images/web/initramfs -append "console=ttyS0 quiet panic=-1 reboot=t$clock" -chardev file,id=console,append=on,path=/var/log/guests/web.log -serial chardev:console -chardev socket,id=share,path=/run/guest-share.sock -device vhost-user-fs-device,chardev=share,tag=site -chardev socket,id=vsock,path=/run/guest-vsock/device.sock -device vhost-user-vsock-device,chardev=vsock
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
cat >guest-forward.socket <<UNIT
[Socket]
ListenStream=0.0.0.0:8080
Backlog=4096
[Install]
WantedBy=sockets.target
UNIT
cat >guest-forward.service <<UNIT
[Service]
Type=exec
ExecStart=/usr/bin/python3 -ISE /usr/local/bin/guest-forward unix /run/guest-vsock/dial.sock 80
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet cephfs.service guest.service guest-share.socket guest-forward.socket guest-forward.service
echo '@ prepared'
SCRIPT
)

# Passed on the command line, as its standard input is the upload on one of the hosts.
mount_script='set -eu
systemctl start cephfs.service
tries=600
until [ "$(findmnt -rno FSTYPE --mountpoint /srv/torocloud)" = fuse.ceph-fuse ] && ls /srv/torocloud >/dev/null; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { journalctl -n 20 -u cephfs.service >&2; exit 1; }
  sleep 0.1
done
echo "@ mount"'

# Asks with bash alone, which costs nothing while the guest boots.
guest_script=$(cat <<'SCRIPT'
set -eu
systemctl start guest.service guest-forward.socket guest-forward.service
answers() {
  exec 3<>/dev/tcp/127.0.0.1/8080 || return 1
  printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
  status=
  IFS= read -r -t 5 status <&3 || :
  exec 3<&- 3>&-
  case $status in HTTP/*' 200 '*) return 0 ;; *) return 1 ;; esac
}
tries=900
until answers 2>/dev/null; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { tail -n 20 /var/log/guests/web.log >&2; exit 1; }
  sleep 0.2
done
echo '@ page'
SCRIPT
)

# ---------------------------------------------------------------- phases

# Variables and scripts go in on standard input: keys are on no command line.
bring_node() {
  local index=$1 node=${nodes[$1]}
  connect "$node"
  {
    declare -p fsid seed admin_key ceph_conf monmap
    printf 'node=%q number=%q mgr_key=%q mds_key=%q\n' \
      "$node" "$index" "${mgr_keys[$node]:-}" "${mds_keys[$node]:-}"
    printf '%s\n' "$install_packages" "$node_script"
    if [ "$index" = 0 ]; then printf '%s\n' "$file_system_script"; fi
  } | on "$node" 'eval "$(cat)"'
}
prepare_host() {
  local kvm_probe_text
  kvm_probe_text=$(cat "$kvm_probe")
  connect "$1"
  {
    declare -p client_conf client_key
    printf 'kvm_probe=%q\n' "$kvm_probe_text"
    printf '%s\n' "$install_packages" "$host_script"
  } | on "$1" 'eval "$(cat)"' &
  local prepared=$!
  tar -c -h -C "$work/programs" --owner root --group root vhost-device-vsock guest-forward |
    on "$1" 'tar -x -C /usr/local/bin'
  wait "$prepared"
}
mkdir -p "$work/programs" "$work/upload/images/web" "$work/upload/shares"
ln -s "$(realpath "$vsock_device")" "$work/programs/vhost-device-vsock"
ln -s "$(realpath "$forwarder")" "$work/programs/guest-forward"
ln -s "$(realpath "$kernel")" "$work/upload/images/web/kernel"
ln -s "$(realpath "$initramfs")" "$work/upload/images/web/initramfs"
ln -s "$(realpath "$site")" "$work/upload/shares/web"
upload() { tar -c -h -C "$work/upload" --owner root --group root images shares; }
settle() { on "$1" "$settle_script"; }
mount_host() { on "$1" "$mount_script" </dev/null; }
mount_and_upload() { upload | on "$1" "$mount_script
tar -x -C /srv/torocloud
echo '@ upload'"; }
start_guest() { on "$1" "exec bash -c $(printf %q "$guest_script")" </dev/null; }

for index in "${!nodes[@]}"; do start "node$index" bring_node "$index"; done
for index in "${!hosts[@]}"; do start "host$index" prepare_host "${hosts[index]}"; done

await node0
start settle settle "${nodes[1]}"
for index in "${!hosts[@]}"; do
  await "host$index"
  if [ "$index" = 0 ]; then start mount0 mount_and_upload "${hosts[0]}"; else start "mount$index" mount_host "${hosts[index]}"; fi
done
for index in "${!hosts[@]}"; do await "mount$index"; done
for index in "${!hosts[@]}"; do start "guest$index" start_guest "${hosts[index]}"; done
for index in "${!nodes[@]}"; do await "node$index"; done
for index in "${!hosts[@]}"; do await "guest$index"; done
await settle
mark everything up
