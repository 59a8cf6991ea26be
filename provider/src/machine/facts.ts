import { sh } from "./script.ts";

/**
 * Prints what a host is, a line `name=value` each. The drivers are asked for by trying to load them: a file in /dev
 * or a module on disk promises nothing, and neither changes anything that is not used.
 */
export const reportFacts = sh`. /etc/os-release
[ "$ID" = debian ] || { echo "this is $PRETTY_NAME; torocloud needs Debian 13" >&2; exit 1; }
has_ceph() { modprobe -q ceph 2>/dev/null; grep -qw ceph /proc/filesystems; }
has_vsock() { modprobe -q vhost_vsock 2>/dev/null; [ -c /dev/vhost-vsock ]; }
echo "address=$(ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')"
echo "debian=$(cat /etc/debian_version)"
echo "kernel=$(uname -r)"
echo "cpus=$(nproc)"
echo "memoryMiB=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))"
echo "cephClient=$(if has_ceph; then echo kernel; else echo fuse; fi)"
echo "vsock=$(if has_vsock; then echo kernel; else echo user; fi)"`;
