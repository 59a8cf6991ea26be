import type { Artifact } from "../../host/artifact.ts";
import { file, ownDirectory, directory } from "../../host/files.ts";
import { runningUnit, unitFile } from "../../host/systemd.ts";
import { sh, type Script } from "../../host/script.ts";
import { renderClientConf, type MonitorAddress } from "./config.ts";
import { renderKeyring } from "./keyring.ts";

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

/** Configuration, key, mount point and the unit that keeps it mounted. The mount point itself never holds data. */
export function mountArtifacts(mount: CephMount, key: string | undefined): Artifact[] {
  const configuration = `/etc/torocloud/ceph-${mount.name}`;
  const unit = unitFile(mountUnit(mount.name), renderMountUnit(mount, configuration));
  const keyring = keyFile(
    `${configuration}/keyring`,
    mount.user,
    key && renderKeyring(`client.${mount.user}`, key),
  );
  const secret = keyFile(`${configuration}/secret`, mount.user, key);
  const files = [
    ownDirectory(configuration, { mode: "700" }),
    file(`${configuration}/ceph.conf`, renderClientConf(mount)),
    keyring,
    secret,
    unit,
  ];
  const unused = mount.client === "kernel" ? keyring : secret;
  const used = files.filter((one) => one !== unused);
  return [...files, mountPoint(mount.mountPoint), runningUnit(mountUnit(mount.name), used), mounted(mount)];
}

/** A file with the client's key; where the cluster has none for it, nothing that is there is right. */
function keyFile(path: string, user: string, content: string | undefined): Artifact {
  const keyed = file(path, content ?? "", { mode: "600" });
  if (content !== "") return keyed;
  const missing = `the cluster has no key client.${user}`;
  return {
    ...keyed,
    expected: missing,
    apply: sh`echo ${missing} >&2; exit 1`,
    mend: () => undefined,
    missing: `is missing, and ${missing}`,
    explain: () => `holds a key that the cluster does not know: ${missing}`,
  };
}

/** Its mode and owner are the file system's once it is mounted, so only its being there counts. */
function mountPoint(path: string): Artifact {
  return {
    ...directory(path),
    probe: sh`[ -d ${path} ] && echo directory`,
    expected: "directory",
    apply: sh`mkdir -p ${path}`,
  };
}

function mountType(client: CephMount["client"]): string {
  return client === "kernel" ? "ceph" : "fuse.ceph-fuse";
}

function mounted({ name, client, mountPoint: path }: CephMount): Artifact {
  const type = mountType(client);
  return {
    what: `mount ${path}`,
    probe: sh`timeout 20 findmnt -rno FSTYPE,VFS-OPTIONS --mountpoint ${path} | sed 's/,.*//'`,
    expected: `${type} rw`,
    apply: sh`top() { findmnt -rno "$1" --mountpoint ${path} | tail -n 1; }
for other in 1 2 3 4 5; do
  case $(top FSTYPE) in '' | ${type}) break ;; *) umount ${path} ;; esac
done
case $(top FSTYPE),$(top VFS-OPTIONS) in
  ,*) systemctl restart ${mountUnit(name)} ;;
  *,ro,*) mount -o "remount,bind,rw,$(top VFS-OPTIONS | sed 's/^ro,//')" ${path} ;;
esac`,
    remove: sh`if findmnt -rno FSTYPE --mountpoint ${path} >/dev/null; then umount ${path}; fi`,
    common: true,
    missing: "is not mounted",
    explain: (actual) => {
      const [seen = "", access] = actual.split(" ");
      return seen === type
        ? `is mounted ${access === "ro" ? "read-only" : String(access)}`
        : `is covered by a mount of ${seen}`;
    },
  };
}

function renderMountUnit(mount: CephMount, configuration: string): string {
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

/** The mount answers: a process that waits for the cluster is not enough. */
export function waitForMount({ mountPoint: path, client }: CephMount): Script {
  const type = mountType(client);
  return sh`answers() {
  [ "$(timeout 10 findmnt -rno FSTYPE --mountpoint ${path})" = ${type} ] && timeout 10 ls ${path} >/dev/null && return 0
  echo 'not yet'; return 1
}
wait_until 120 ${`CephFS to answer at ${path}`} answers`;
}
