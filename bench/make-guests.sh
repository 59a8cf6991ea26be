#!/bin/sh
# Makes the guests that are named, as the program bench/programs/guests declares them; with --remove it takes them away.
# Writes all files, and tells systemd once.
set -eu
units=/etc/systemd/system
remove=
if [ "$1" = --remove ]; then
  remove=yes
  shift
fi

guests=
for name do
  guests="$guests torocloud-guest-$name.service"
done

if [ -n "$remove" ]; then
  systemctl disable --quiet --now $guests
  for name do
    rm -f "$units/torocloud-guest-$name.service" "/var/log/torocloud/$name.console.log"
  done
  systemctl daemon-reload
  exit
fi

images=/srv/torocloud/images/bench-0123456789ab
for name do
  number=${name#bench-}
  slice=torocloud-bench'\x2d'$number.slice
  kernel_line="console=ttyS0 quiet panic=-1 reboot=t tsc=reliable tsc_early_khz=\${TOROCLOUD_TSC_KHZ} bench.number=$number"
  cat >"$units/torocloud-guest-$name.service" <<UNIT
[Unit]
Description=Guest $name
BindsTo=torocloud-mount-storage.service
Requires=
PartOf=
After=torocloud-mount-storage.service
StartLimitIntervalSec=0

[Service]
Type=exec
User=torocloud
SupplementaryGroups=kvm
Slice=$slice
RuntimeDirectory=torocloud-guest-$name
LogsDirectory=torocloud
EnvironmentFile=/usr/local/lib/torocloud/clock.env
ExecStart=/usr/bin/qemu-system-x86_64 -name guest=$name -nodefaults -no-user-config -display none -monitor none -no-reboot -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny -machine microvm,memory-backend=memory,pic=off -accel tcg,thread=multi,tb-size=32 -cpu max -smp 1 -m 64M -object memory-backend-memfd,id=memory,size=64M,share=on -kernel $images/kernel -initrd $images/initramfs -append "$kernel_line" -chardev file,id=console,append=on,path=/var/log/torocloud/$name.console.log -serial chardev:console -qmp unix:/run/torocloud-guest-$name/qmp.sock,server=on,wait=off -device vhost-vsock-device,guest-cid=$((1000 + number))
Restart=always
RestartSec=1
TimeoutStopSec=15
DevicePolicy=closed
DeviceAllow=/dev/kvm rw
DeviceAllow=/dev/vhost-vsock rw
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
CapabilityBoundingSet=
LockPersonality=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target torocloud-mount-storage.service
UNIT
done
systemctl daemon-reload
systemctl enable --quiet --now $guests
