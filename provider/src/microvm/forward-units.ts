import type { Artifact, Condition } from "../artifacts/artifact.ts";
import { execLine, runningUnit, unitDirectory, unitFile } from "../artifacts/units.ts";
import { unprivileged } from "./hardening.ts";
import { dialArguments, forwardUnit, guestUser, programDirectory, type VsockDevice } from "./names.ts";

export interface PortForward {
  readonly listenAddress: string;
  readonly listenPort: number;
  readonly guest: string;
  readonly guestPort: number;
  readonly vsock: VsockDevice;
  readonly contextId: number;
}

/** The forwarding program, shared by all forwards of a host. */
export const forwardProgram = `${programDirectory}/forward.py`;

/** A socket of systemd's, which stays open while the forwarder restarts, and the forwarder behind it. */
export function forwardArtifacts(forward: PortForward): Artifact[] {
  const unit = forwardUnit(forward.listenPort);
  const service = unitFile(`${unit}.service`, renderService(forward));
  const socket = unitFile(`${unit}.socket`, renderSocket(forward));
  const listening = runningUnit(`${unit}.socket`, [socket]);
  return [service, socket, listening, runningUnit(`${unit}.service`, [service, listening])];
}

/** Nobody else listens there; true as soon as our socket is there. */
export function portFree({ listenAddress, listenPort }: PortForward): Condition {
  return {
    kind: "microvm.port-free",
    spec: {
      address: listenAddress,
      port: listenPort,
      ours: `${unitDirectory}/${forwardUnit(listenPort)}.socket`,
    },
    what: `port ${String(listenPort)} of ${listenAddress} to be free`,
    seconds: 0,
  };
}

/** Our port takes connections. */
export function forwardAnswers({ listenAddress, listenPort }: PortForward): Condition {
  const unit = forwardUnit(listenPort);
  return {
    kind: "microvm.forward-answers",
    spec: { address: listenAddress, port: listenPort, units: [`${unit}.socket`, `${unit}.service`] },
    what: `port ${String(listenPort)} to take connections`,
    seconds: 20,
  };
}

function renderSocket({ listenAddress, listenPort, guest }: PortForward): string {
  const address = listenAddress.includes(":") ? `[${listenAddress}]` : listenAddress;
  return `[Unit]
Description=Port ${String(listenPort)}, forwarded to guest ${guest}

[Socket]
ListenStream=${address}:${String(listenPort)}
${isWildcard(listenAddress) ? "" : "FreeBind=yes\n"}Backlog=4096
NoDelay=yes

[Install]
WantedBy=sockets.target
`;
}

/** Any other address may come to the host later than systemd's sockets do. */
function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function renderService({ listenPort, guest, guestPort, vsock, contextId }: PortForward): string {
  const dial = dialArguments({ name: guest, vsock, contextId });
  const argv = ["/usr/bin/python3", "-ISE", forwardProgram, ...dial, String(guestPort)];
  return `[Unit]
Description=Forwards port ${String(listenPort)} to port ${String(guestPort)} of guest ${guest}
Requires=${forwardUnit(listenPort)}.socket
After=${forwardUnit(listenPort)}.socket
StartLimitIntervalSec=0

[Service]
Type=exec
User=${guestUser}
ExecStart=${execLine(argv)}
Restart=always
RestartSec=1
LimitNOFILE=1048576
${unprivileged}

[Install]
WantedBy=multi-user.target
`;
}
