import { createHash } from "node:crypto";

/** The user that every guest's processes run as. */
export const guestUser = "torocloud";
/** Programs of ours on a client host. */
export const programDirectory = "/usr/local/lib/torocloud";
/** Where consoles are written. */
export const logDirectory = "/var/log/torocloud";

export function guestUnit(guest: string): string {
  return `torocloud-guest-${guest}.service`;
}

/** What serves a guest's share is called after both: no guest's name has a dot in it. */
export function shareName(guest: string, tag: string): string {
  return `${guest}.${tag}`;
}

export function shareUnit(share: string): string {
  return `torocloud-share-${share}`;
}

export function shareSocket(share: string): string {
  return `/run/torocloud-share-${share}.sock`;
}

export function vsockUnit(guest: string): string {
  return `torocloud-vsock-${guest}.service`;
}

/** Where a guest with the user-space vsock device is dialled: a unix socket that takes "CONNECT <port>". */
export function vsockDialSocket(guest: string): string {
  return `/run/torocloud-vsock-${guest}/dial.sock`;
}

/** Where QEMU finds the user-space vsock device. */
export function vsockDeviceSocket(guest: string): string {
  return `/run/torocloud-vsock-${guest}/device.sock`;
}

export function forwardUnit(listenPort: number): string {
  return `torocloud-forward-${String(listenPort)}`;
}

/** Everything that belongs to one guest; systemd escapes a hyphen in a slice's name, where it would mean nesting. */
export function guestSlice(guest: string): string {
  return `torocloud-${guest.replaceAll("-", "\\x2d")}.slice`;
}

/** The largest that every kind of guest can use: Toro keeps its own in a signed number of 32 bits. */
export const largestContextId = 0x7fff_ffff;

/** A context identifier that only depends on what the guest is, wherever it runs: 3 to 2^31 - 1 (vsock(7)). */
export function contextId(owner: string, guest: string): number {
  const digest = createHash("sha256")
    .update(JSON.stringify([owner, guest]))
    .digest();
  return 3 + (digest.readUInt32BE(0) % (largestContextId - 2));
}

/** How a guest is reached from its host. */
export type VsockDevice = "kernel" | "user";

/** How a guest is dialled from its host, as assets/forward.py and the program on the host take it: kind and place. */
export function dialArguments(guest: {
  name: string;
  vsock: VsockDevice;
  contextId: number;
}): readonly [string, string] {
  return guest.vsock === "kernel"
    ? ["vsock", String(guest.contextId)]
    : ["unix", vsockDialSocket(guest.name)];
}
