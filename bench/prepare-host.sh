#!/bin/sh
# Makes a host on which many guests can be declared and cost nothing: a stand-in for QEMU that sleeps, and what a hypervisor
# and a mount would have made.
set -eu
getent passwd torocloud >/dev/null ||
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin torocloud
getent group kvm >/dev/null || groupadd --system kvm
mkdir -p /usr/local/lib/torocloud /var/log/torocloud /srv/torocloud
chown torocloud:torocloud /var/log/torocloud
echo TOROCLOUD_TSC_KHZ=2000000 >/usr/local/lib/torocloud/clock.env
printf '#!/bin/sh\nexec sleep infinity\n' >/usr/bin/qemu-system-x86_64
chmod 755 /usr/bin/qemu-system-x86_64
cat >/etc/systemd/system/torocloud-mount-storage.service <<'UNIT'
[Unit]
Description=Stand-in for a mount

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now torocloud-mount-storage.service
