import type { Artifact } from "../artifacts/artifact.ts";
import { execLine, passiveUnit, runningUnit, unitFile } from "../artifacts/units.ts";
import { guestUser, shareSocket, shareUnit } from "./names.ts";
import { shareSource } from "./share-source.ts";
import { socketFile } from "./socket-file.ts";

export interface Share {
  readonly name: string;
  /** The directory on the host. */
  readonly source: string;
  readonly readOnly: boolean;
  readonly cache: "never" | "metadata" | "auto" | "always";
  readonly mountUnit: string;
}

/**
 * A virtiofsd behind a socket of systemd's. It lives as long as its guest's connection: a guest that starts pulls a
 * new one in, so a crash of either side ends with both started afresh.
 */
export function shareArtifacts(share: Share): Artifact[] {
  const { name, source } = share;
  const [service, socket] = [`${shareUnit(name)}.service`, `${shareUnit(name)}.socket`];
  const files = [unitFile(service, renderService(share)), unitFile(socket, renderSocket(share))];
  const daemon = passiveUnit(service);
  return [
    ...files,
    daemon,
    runningUnit(socket, [...files, daemon]),
    socketFile(shareSocket(name), socket, guestUser),
    shareSource(name, service, source),
  ];
}

function renderSocket({ name }: Share): string {
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

function renderService({ name, source, readOnly, cache, mountUnit }: Share): string {
  const argv = [
    ...["/usr/libexec/virtiofsd", "--fd=3", `--shared-dir=${source}`, `--cache=${cache}`],
    ...["--sandbox=namespace", "--inode-file-handles=never", ...(readOnly ? ["--readonly"] : [])],
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
