import type { MonitorAddress } from "./config.ts";

export interface CephMount {
  readonly name: string;
  readonly client: "kernel" | "fuse";
  readonly fsid: string;
  readonly monitors: readonly MonitorAddress[];
  readonly fileSystem: string;
  /** The directory of the file system that appears at the mount point. */
  readonly path: string;
  readonly mountPoint: string;
  /** Without "client." */
  readonly user: string;
}

/** The unit that mounts; what uses the mount binds itself to it. */
export function mountUnit(name: string): string {
  return `torocloud-mount-${name}.service`;
}

/**
 * A drop-in of its own, so that what 0.1.0 mounted stays mounted: Ceph may come back later than its client hosts after a power
 * cut, so the unit is tried again for as long as it takes.
 */
export function returnsByItself({ client, mountPoint }: Pick<CephMount, "client" | "mountPoint">): string {
  const restart =
    client === "kernel"
      ? // What a dead client left mounted would lie below.
        `ExecStartPre=-/bin/umount --lazy ${mountPoint}\nRestart=on-failure\nRestartSec=5\nTimeoutStartSec=120\n`
      : "RestartSec=2\n";
  return `[Unit]\nStartLimitIntervalSec=0\n\n[Service]\n${restart}`;
}

export function renderMountUnit(mount: CephMount, configuration: string): string {
  const { client, mountPoint: path } = mount;
  return `[Unit]
Description=CephFS ${mount.fileSystem}:${mount.path} on ${path}
After=network-online.target
Wants=network-online.target

[Service]
${client === "kernel" ? kernelService(mount, configuration) : fuseService(mount, configuration)}
[Install]
WantedBy=multi-user.target
`;
}

function fuseService(mount: CephMount, configuration: string): string {
  return `Type=exec
ExecStartPre=-/bin/umount --lazy ${mount.mountPoint}
ExecStart=/usr/bin/ceph-fuse -f --conf ${configuration}/ceph.conf --keyring ${configuration}/keyring --id ${mount.user} --client_fs ${mount.fileSystem} --client_mountpoint ${mount.path} ${mount.mountPoint}
ExecStartPost=/bin/sh -c 'until findmnt -rno FSTYPE --mountpoint ${mount.mountPoint}; do sleep 0.1; done >/dev/null'
TimeoutStartSec=300
ExecStopPost=-/bin/umount --lazy ${mount.mountPoint}
SuccessExitStatus=15
Restart=always
RestartSec=1
`;
}

function kernelService(mount: CephMount, configuration: string): string {
  const monitors = mount.monitors.map(({ address }) => (address.includes(":") ? `[${address}]` : address));
  const device = `${mount.user}@${mount.fsid}.${mount.fileSystem}=${mount.path}`;
  const options = [
    `mon_addr=${monitors.join("/")}`,
    `secretfile=${configuration}/secret`,
    `conf=${configuration}/ceph.conf`,
    "recover_session=clean",
    "noatime",
  ];
  return `Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount -t ceph ${device} ${mount.mountPoint} -o ${options.join(",")}
ExecStop=/bin/umount ${mount.mountPoint}
`;
}
