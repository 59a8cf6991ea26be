import type { Artifact } from "../../host/artifact.ts";
import { file, ownDirectory } from "../../host/files.ts";
import { runningUnit, unitDirectory, unitFile } from "../../host/systemd.ts";
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
  const files = [
    ownDirectory(configuration, { mode: "700" }),
    file(`${configuration}/ceph.conf`, renderClientConf(mount)),
    keyFile(mount, configuration, key),
    unit,
  ];
  return [
    ...files,
    mountPoint(mount, `${configuration}/made-mount-point`),
    runningUnit(mountUnit(mount.name), files),
    mounted(mount),
  ];
}

/** The client's key in the form that the host reads, and in no other; where the cluster has none, nothing that is there is right. */
function keyFile({ client, user }: CephMount, configuration: string, key: string | undefined): Artifact {
  const keyed =
    client === "kernel"
      ? file(`${configuration}/secret`, key ?? "", { mode: "600" })
      : file(`${configuration}/keyring`, renderKeyring(`client.${user}`, key ?? ""), { mode: "600" });
  if (key !== "") return keyed;
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

/** What a mount point may be instead of an empty directory, in words. */
const unfit: Readonly<Record<string, string>> = {
  mount: "has something mounted on it",
  full: "holds files, which a mount would hide",
  other: "is no directory",
};

/**
 * Its mode and owner are the file system's once it is mounted, so only its being there counts, and that nothing would
 * disappear below the mount. One that was there before stays when the mount goes: `made` says whether it was.
 */
function mountPoint({ name, mountPoint: path }: CephMount, made: string): Artifact {
  const look = sh`if timeout 20 findmnt -rno TARGET --mountpoint ${path} >/dev/null; then
  if [ -e ${`${unitDirectory}/${mountUnit(name)}`} ]; then echo directory; else echo mount; fi
elif [ -d ${path} ]; then if [ -z "$(ls -A ${path})" ]; then echo directory; else echo full; fi
elif [ -e ${path} ]; then echo other; fi`;
  return {
    what: `directory ${path}`,
    probe: look,
    expected: "directory",
    apply: sh`case $(${look}) in
  '') : >${made}; mkdir -p ${path} ;;
  directory | mount) ;;
  *) echo ${`${path} is no empty directory; empty it, or mount elsewhere`} >&2; exit 1 ;;
esac`,
    remove: sh`if [ -e ${made} ]; then rmdir ${path} 2>/dev/null || :; fi`,
    common: true,
    inTheWay: "always",
    explain: (actual) => unfit[actual] ?? `is ${actual}`,
  };
}

function mountType(client: CephMount["client"]): string {
  return client === "kernel" ? "ceph" : "fuse.ceph-fuse";
}

function mounted({ name, client, mountPoint: path }: CephMount): Artifact {
  const type = mountType(client);
  return {
    what: `mount ${path}`,
    probe: sh`timeout 20 findmnt -rno FSTYPE,VFS-OPTIONS --mountpoint ${path} | sed 's/,.*//' | tail -n 1`,
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
