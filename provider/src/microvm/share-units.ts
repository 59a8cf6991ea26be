import type { Artifact } from "../artifacts/artifact.ts";
import { execLine, passiveUnit, runningUnit, unitFile } from "../artifacts/units.ts";
import { guestUser, shareSocket, shareUnit } from "./names.ts";
import type { SharePolicy } from "./share-policy.ts";
import { shareSource } from "./share-source.ts";
import { socketFile } from "./socket-file.ts";

/** What serves one share to one guest. */
export interface ShareServer {
  /** What its units are called after. */
  readonly name: string;
  readonly policy: SharePolicy;
  /** The unit that mounts what the directory lies on. */
  readonly mountUnit: string;
}

export interface ShareArtifacts {
  /** The virtiofsd: a guest that is restarted gets one as these say then. */
  readonly daemon: readonly Artifact[];
  readonly all: readonly Artifact[];
}

/**
 * A virtiofsd behind a socket of systemd's. It lives as long as its guest's connection: a guest that starts pulls a
 * new one in, so a crash of either side ends with both started afresh.
 */
export function shareArtifacts(share: ShareServer): ShareArtifacts {
  const { name, policy } = share;
  const [service, socket] = [`${shareUnit(name)}.service`, `${shareUnit(name)}.socket`];
  const daemon = [unitFile(service, renderService(share)), passiveUnit(service)];
  const socketUnit = unitFile(socket, renderSocket(share));
  const all = [
    ...daemon,
    socketUnit,
    runningUnit(socket, [socketUnit]),
    socketFile(shareSocket(name), socket, guestUser),
    shareSource(name, service, policy.source),
  ];
  return { daemon, all };
}

/** All that the guest makes belongs to one on the host, whom the guest sees as root. */
function squashed(kind: "uid" | "gid", id: number): string[] {
  const translate = (how: string): string => `--translate-${kind}=${how}`;
  return [translate(`squash-guest:0:${String(id)}:4294967295`), translate(`host:${String(id)}:0:1`)];
}

function renderSocket({ name }: ShareServer): string {
  return `[Unit]
Description=Where a guest finds share ${name}

[Socket]
ListenStream=${shareSocket(name)}
SocketUser=${guestUser}
SocketMode=0600
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

function renderService({ name, policy, mountUnit }: ShareServer): string {
  const { source, readOnly, cache, ids } = policy;
  const argv = [
    ...["/usr/libexec/virtiofsd", "--fd=3", `--shared-dir=${source}`, `--cache=${cache}`],
    ...["--sandbox=namespace", "--inode-file-handles=never", ...(readOnly ? ["--readonly"] : [])],
    ...(ids ? [...squashed("uid", ids.user), ...squashed("gid", ids.group)] : []),
  ];
  return `[Unit]
Description=Share ${name} (${source})
BindsTo=${mountUnit}
After=${mountUnit}
Requires=${shareUnit(name)}.socket
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${execLine(argv)}
Restart=on-failure
RestartSec=1
LimitNOFILE=1048576
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes
LockPersonality=yes
RestrictSUIDSGID=yes
`;
}
