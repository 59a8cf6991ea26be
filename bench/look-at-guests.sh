#!/bin/sh
# Tells of each guest of a host what `pulumi refresh` reads of it: its marker, its unit file and its unit's state. With
# --at-once systemd is asked once for all units.
set -eu
properties="-p Id -p UnitFileState -p ActiveState -p NeedDaemonReload"
cd /etc/torocloud/guest
units=
for marker in *.json; do
  unit=torocloud-guest-${marker%.json}.service
  units="$units $unit"
  cat "$marker"
  stat -c '%n %a %U:%G' "/etc/systemd/system/$unit"
  sha256sum "/etc/systemd/system/$unit"
  [ "${1:-}" = --at-once ] || systemctl show $properties "$unit"
done
[ "${1:-}" != --at-once ] || systemctl show $properties $units
