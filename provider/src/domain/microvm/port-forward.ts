import type { Artifact } from "../../host/artifact.ts";
import { asset } from "../../host/asset.ts";
import { sh, type Script } from "../../host/script.ts";
import { execLine, runningUnit, unitDirectory, unitFile } from "../../host/systemd.ts";
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
  return [
    freePort(forward),
    service,
    socket,
    listening,
    runningUnit(`${unit}.service`, [service, listening]),
  ];
}

/** Nobody else listens there; asked only as long as our socket is not there. */
function freePort({ listenAddress, listenPort }: PortForward): Artifact {
  const what = `port ${String(listenPort)} of ${listenAddress}`;
  // ss writes "*" for all addresses of both kinds, and an IPv6 address in brackets.
  const look = sh`if [ -e ${`${unitDirectory}/${forwardUnit(listenPort)}.socket`} ]; then echo free; else
  ss -Hltnp ${`sport = :${String(listenPort)}`} | awk -v ours=${listenAddress} '
    { theirs = $4; sub(/:[0-9]+$/, "", theirs); gsub(/[][]|%.*/, "", theirs) }
    theirs == "*" || theirs == ours || ours == "::" ||
      (ours == "0.0.0.0" && theirs !~ /:/) || (theirs == "0.0.0.0" && ours !~ /:/) || (theirs == "::" && ours ~ /:/) {
      who = $0; if (sub(/.*users:\(\("/, "", who)) { split(who, parts, /",pid=|,/); print "taken by " parts[1] " (pid " parts[2] ")" }
      else print "taken"
      found = 1; exit
    }
    END { if (!found) print "free" }'
fi`;
  return {
    what,
    probe: look,
    expected: "free",
    apply: sh`seen=$(${look})
[ "$seen" = free ] || { echo ${what} is "$seen" >&2; exit 1; }`,
    common: true,
    inTheWay: "always",
    explain: (actual) => `is ${actual}`,
  };
}

function renderSocket({ listenAddress, listenPort, guest }: PortForward): string {
  const address = listenAddress.includes(":") ? `[${listenAddress}]` : listenAddress;
  return `[Unit]
Description=Port ${String(listenPort)}, forwarded to guest ${guest}

[Socket]
ListenStream=${address}:${String(listenPort)}
Backlog=4096
NoDelay=yes

[Install]
WantedBy=sockets.target
`;
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

/** The guest's port answers, and ours takes connections. */
export function waitForForward(forward: PortForward): Script {
  const { listenAddress, listenPort, guest, guestPort } = forward;
  const dial = dialArguments({ name: guest, vsock: forward.vsock, contextId: forward.contextId });
  const local = listenAddress === "0.0.0.0" ? "127.0.0.1" : listenAddress === "::" ? "::1" : listenAddress;
  const connect = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)";
  return sh`knock=${asset("knock.py")}
answers() { timeout 15 python3 -c "$knock" ${[...dial, guestPort]}; }
wait_until 60 ${`port ${String(guestPort)} of guest ${guest} to answer`} answers
listens() { timeout 15 python3 -c ${connect} ${local} ${listenPort} 2>&1 | tail -n 1 | grep . && return 1 || return 0; }
wait_until 20 ${`port ${String(listenPort)} to take connections`} listens`;
}
