import type { Artifact } from "../../host/artifact.ts";
import { sh } from "../../host/script.ts";
import { execLine, runningUnit, unitFile, unitOfOthers } from "../../host/systemd.ts";
import { shareSocket, shareUnit, guestUser } from "./names.ts";

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
  const service = unitFile(`${shareUnit(share.name)}.service`, renderService(share));
  const socket = unitFile(`${shareUnit(share.name)}.socket`, renderSocket(share));
  const daemon = unitOfOthers(`${shareUnit(share.name)}.service`);
  const listening = runningUnit(`${shareUnit(share.name)}.socket`, [service, socket, daemon]);
  return [service, socket, daemon, listening, socketFile(shareSocket(share.name), listening)];
}

/** Where guests knock: systemd does not notice when it is gone. */
function socketFile(path: string, { apply }: Artifact): Artifact {
  return {
    what: `socket ${path}`,
    asks: {},
    probe: sh`[ -S ${path} ] && stat -c '%a %U:%G' ${path}`,
    expected: `600 ${guestUser}:${guestUser}`,
    apply: sh`if [ -S ${path} ]; then
  chown ${`${guestUser}:${guestUser}`} ${path}; chmod 600 ${path}
else
  ${apply}
fi`,
    common: true,
  };
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
