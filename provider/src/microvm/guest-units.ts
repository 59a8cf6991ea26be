import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";
import { execLine, passiveUnit, runningUnit, unitFile } from "../artifacts/units.ts";
import { clockFile } from "./clock.ts";
import { unprivileged } from "./hardening.ts";
import {
  guestSlice,
  guestUnit,
  guestUser,
  programDirectory,
  shareUnit,
  vsockDeviceSocket,
  vsockDialSocket,
  vsockUnit,
} from "./names.ts";
import { consolePath, qemuArguments, shareNames, tscVariable, type GuestMachine } from "./qemu.ts";
import type { SharePolicy } from "./share-policy.ts";
import { shareArtifacts, type ShareArtifacts } from "./share-units.ts";

export interface Guest extends GuestMachine {
  /** Processors of the host it may run on; empty for all. */
  readonly cpuAffinity: readonly number[];
  /** The unit that mounts what its kernel and shares lie on. */
  readonly mountUnit: string;
  /** What each share is; of 0.1.0, whose shares had units of their own, only what it was called. */
  readonly shares: readonly { readonly tag: string; readonly share: SharePolicy | string }[];
}

/** The guest's units: a virtiofsd for each share, QEMU, and the vsock device where the kernel has none. */
export function guestArtifacts(guest: Guest): Artifact[] {
  const { name } = guest;
  const shares = guest.shares.flatMap(({ tag, share }) =>
    typeof share === "string" ? [] : [shareOf(guest, tag, share)],
  );
  const unit = vsockUnit(name);
  const device = guest.vsock === "user" ? [unitFile(unit, renderVsockUnit(guest)), passiveUnit(unit)] : [];
  const files = [...device, unitFile(guestUnit(name), renderGuestUnit(guest))];
  const running = runningUnit(guestUnit(name), [...shares.flatMap(({ daemon }) => daemon), ...files]);
  return [...shares.flatMap(({ all }) => all), passiveUnit(guestSlice(name)), ...files, running];
}

/** What shares of 0.1.0 left behind that is the guest's by now: not looked at before an update says what they are, and removed with it. */
export function formerShares(guest: Guest): Artifact[] {
  const unknown = { source: "/", readOnly: true, cache: "never" } as const;
  return guest.shares.flatMap(({ tag, share }) =>
    typeof share === "string" ? shareOf(guest, tag, unknown).all : [],
  );
}

function shareOf({ shareNames: names, mountUnit }: Guest, tag: string, policy: SharePolicy): ShareArtifacts {
  return shareArtifacts({ name: names[tag] ?? "", policy, mountUnit });
}

const consoleKind: Kind = {
  name: "microvm.console",
  title: (path) => `console log ${path}`,
  differences: () => [],
};

/** What a guest writes by itself. */
export function guestLogs({ name }: Pick<Guest, "name">): Artifact[] {
  return [artifact(consoleKind, consolePath(name), { spec: {}, whose: "shared" })];
}

/**
 * QEMU outlives none of what it is connected to, and systemd sees to that: a virtiofsd or vsock device that fails is
 * restarted, and restarts the guest with it (systemd restarts what is PartOf= or Requires= a unit along with it); a
 * mount that goes takes the guest along and wants it back when it returns. A virtiofsd ends with its guest and is
 * started by the next one's connection.
 */
export function renderGuestUnit(guest: Guest): string {
  const shares = shareNames(guest).map(([, name]) => shareUnit(name));
  const sockets = shares.map((unit) => `${unit}.socket`);
  const devices = guest.vsock === "user" ? [vsockUnit(guest.name)] : [];
  const daemons = shares.map((unit) => `${unit}.service`);
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
${opensDevices(guest) ? "SupplementaryGroups=kvm\n" : ""}Slice=${guestSlice(guest.name)}
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

/** Both /dev/kvm and /dev/vhost-vsock are open to root and the group kvm alone. */
function opensDevices({ accel, vsock }: Guest): boolean {
  return accel === "kvm" || vsock === "kernel";
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
