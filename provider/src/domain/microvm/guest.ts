import { leftover, type Artifact } from "../../host/artifact.ts";
import { asset } from "../../host/asset.ts";
import { sh, type Script } from "../../host/script.ts";
import { execLine, runningUnit, unitFile, unitOfOthers } from "../../host/systemd.ts";
import { unprivileged } from "./hardening.ts";
import { clockFile } from "./hypervisor.ts";
import {
  dialArguments,
  guestSlice,
  guestUnit,
  guestUser,
  programDirectory,
  shareUnit,
  vsockDeviceSocket,
  vsockDialSocket,
  vsockUnit,
} from "./names.ts";
import { consolePath, qemuArguments, tscVariable, type GuestMachine } from "./qemu.ts";

export interface Guest extends GuestMachine {
  /** Processors of the host it may run on; empty for all. */
  readonly cpuAffinity: readonly number[];
  /** The unit that mounts what its kernel and shares lie on. */
  readonly mountUnit: string;
}

export interface Readiness {
  readonly port: number;
  readonly path?: string | undefined;
  readonly timeoutSeconds: number;
}

/** The guest's units: QEMU, and the vsock device where the kernel has none. */
export function guestArtifacts(guest: Guest): Artifact[] {
  const unit = vsockUnit(guest.name);
  const device = guest.vsock === "user" ? [unitFile(unit, renderVsockUnit(guest)), unitOfOthers(unit)] : [];
  const files = [...device, unitFile(guestUnit(guest.name), renderGuestUnit(guest))];
  return [
    leftover({
      what: `console log ${consolePath(guest.name)}`,
      remove: sh`rm -f ${consolePath(guest.name)}`,
    }),
    unitOfOthers(guestSlice(guest.name)),
    ...files,
    runningUnit(guestUnit(guest.name), files),
  ];
}

/**
 * QEMU outlives none of what it is connected to, and systemd sees to that: a virtiofsd or vsock device that fails is
 * restarted, and restarts the guest with it (systemd restarts what is PartOf= or Requires= a unit along with it); a
 * mount that goes takes the guest along and wants it back when it returns. A virtiofsd ends with its guest and is
 * started by the next one's connection.
 */
export function renderGuestUnit(guest: Guest): string {
  const sockets = guest.shares.map(({ share }) => `${shareUnit(share)}.socket`);
  const devices = guest.vsock === "user" ? [vsockUnit(guest.name)] : [];
  const daemons = guest.shares.map(({ share }) => `${shareUnit(share)}.service`);
  return `[Unit]
Description=Guest ${guest.name}
BindsTo=${guest.mountUnit}
Requires=${[...sockets, ...devices].join(" ")}
PartOf=${daemons.join(" ")}
After=${[guest.mountUnit, ...sockets, ...devices].join(" ")}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${guestUser}
${guest.accel === "kvm" ? "SupplementaryGroups=kvm\n" : ""}Slice=${guestSlice(guest.name)}
RuntimeDirectory=torocloud-guest-${guest.name}
LogsDirectory=torocloud
EnvironmentFile=${clockFile}
ExecStart=${execLine(qemuArguments(guest), [tscVariable])}
Restart=always
RestartSec=1
TimeoutStopSec=15
${guest.cpuAffinity.length > 0 ? `CPUAffinity=${guest.cpuAffinity.join(" ")}\n` : ""}DevicePolicy=closed
DeviceAllow=/dev/kvm rw
DeviceAllow=/dev/vhost-vsock rw
${unprivileged}

[Install]
WantedBy=multi-user.target ${guest.mountUnit}
`;
}

function renderVsockUnit({ name, contextId }: Guest): string {
  const argv = [
    `${programDirectory}/vhost-device-vsock`,
    "--vm",
    `guest-cid=${String(contextId)},uds-path=${vsockDialSocket(name)},socket=${vsockDeviceSocket(name)}`,
  ];
  return `[Unit]
Description=vsock device of guest ${name}
PartOf=${guestUnit(name)}
StartLimitIntervalSec=0

[Service]
Type=exec
User=${guestUser}
Slice=${guestSlice(name)}
RuntimeDirectory=torocloud-vsock-${name}
ExecStartPre=/bin/rm -f ${vsockDialSocket(name)} ${vsockDeviceSocket(name)}
ExecStart=${execLine(argv)}
ExecStartPost=/bin/sh -c 'for i in $(seq 100); do [ -S ${vsockDeviceSocket(name)} ] && exit 0; sleep 0.05; done; exit 1'
Restart=always
RestartSec=1
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
${unprivileged}
`;
}

/** Waits until the guest's service answers; a guest that keeps dying is reported with the end of its console. */
export function waitForGuest(guest: Guest, ready: Readiness | undefined): Script {
  if (!ready) return sh`:`;
  const { port, path, timeoutSeconds } = ready;
  const [kind, place] = dialArguments(guest);
  const words = [kind, place, String(port), ...(path === undefined ? [] : [path])];
  return sh`knock=${asset("knock.py")}
answers() { timeout 15 python3 -c "$knock" ${words}; }
if ! wait_until ${timeoutSeconds} ${`port ${String(port)} of guest ${guest.name} to answer`} answers; then
  echo ${`the end of ${consolePath(guest.name)}:`} >&2
  tail -n 8 ${consolePath(guest.name)} >&2 || :
  journalctl --no-pager --quiet --lines 5 --output cat --unit ${guestUnit(guest.name)} >&2 || :
  exit 1
fi`;
}
