#!/bin/sh
# Tells what there is of shares on a host: their unit files and their sockets' states.
set -eu
cd /etc/systemd/system
stat -c '%n %a %U:%G' torocloud-share-*
sha256sum torocloud-share-*
for socket in torocloud-share-*.socket; do
  echo "$socket $(systemctl is-active "$socket") $(systemctl is-enabled "$socket")"
done
