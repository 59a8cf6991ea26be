#!/bin/sh
# Makes the shares that are named, as the program bench/programs/shares declares them; with --remove it takes them away.
# Writes all files, and tells systemd once.
set -eu
units=/etc/systemd/system
remove=
if [ "$1" = --remove ]; then
  remove=yes
  shift
fi

sockets=
for name do
  sockets="$sockets torocloud-share-$name.socket"
done

if [ -n "$remove" ]; then
  systemctl disable --quiet --now $sockets
  for name do
    rm -f "$units/torocloud-share-$name.service" "$units/torocloud-share-$name.socket"
  done
  systemctl daemon-reload
  exit
fi

for name do
  cat >"$units/torocloud-share-$name.socket" <<UNIT
[Unit]
Description=Where a guest finds share $name

[Socket]
ListenStream=/run/torocloud-share-$name.sock
SocketUser=torocloud
SocketMode=0600
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
UNIT
  cat >"$units/torocloud-share-$name.service" <<UNIT
[Unit]
Description=Share $name (/srv/torocloud/files/$name)
BindsTo=torocloud-mount-storage.service
After=torocloud-mount-storage.service
Requires=torocloud-share-$name.socket
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/libexec/virtiofsd --fd=3 --shared-dir=/srv/torocloud/files/$name --cache=auto --sandbox=namespace --inode-file-handles=never --readonly
Restart=on-failure
RestartSec=1
LimitNOFILE=1048576
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes
LockPersonality=yes
RestrictSUIDSGID=yes
UNIT
done
systemctl daemon-reload
systemctl enable --quiet --now $sockets
