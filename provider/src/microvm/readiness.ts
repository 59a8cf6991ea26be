import type { Condition } from "../artifacts/artifact.ts";
import { dialArguments, guestUnit, shareSocket, shareUnit, vsockUnit, type VsockDevice } from "./names.ts";
import { consolePath, type GuestMachine } from "./qemu.ts";

export interface Readiness {
  readonly port: number;
  readonly path?: string | undefined;
  readonly timeoutSeconds: number;
}

interface ReadyGuest extends GuestMachine {
  readonly mountUnit: string;
}

/**
 * Each of its shares is its own. virtiofsd serves one connection, so the QEMU of a second guest would wait at the share's
 * socket for ever, and not say so.
 */
export function sharesOfItsOwn({ name, shares }: Pick<GuestMachine, "name" | "shares">): Condition[] {
  if (shares.length === 0) return [];
  return [
    {
      kind: "microvm.shares-free",
      spec: { unit: guestUnit(name), sockets: socketsOf(shares) },
      what: `no other guest to have a share of guest ${name}`,
      seconds: 0,
    },
  ];
}

function socketsOf(shares: GuestMachine["shares"]): Readonly<Record<string, string>> {
  return Object.fromEntries(shares.map(({ share }) => [share, shareSocket(share)]));
}

/** The guest's service answers. What keeps it from that is told, and it is given up as soon as waiting is of no use. */
export function guestAnswers(guest: ReadyGuest, { port, path, timeoutSeconds }: Readiness): Condition {
  const { name, vsock, contextId, preset, kernel, shares, mountUnit } = guest;
  const needs = [
    mountUnit,
    ...shares.map(({ share }) => `${shareUnit(share)}.socket`),
    ...(vsock === "user" ? [vsockUnit(name)] : []),
  ];
  const moreOf = { needs, preset, kernel, contextId, sockets: socketsOf(shares) };
  return {
    ...answers({ name, vsock, contextId, port, path, moreOf }),
    seconds: timeoutSeconds,
  };
}

/** The port of a guest that a forward leads to answers. */
export function forwardedGuestAnswers(forward: {
  readonly guest: string;
  readonly guestPort: number;
  readonly vsock: VsockDevice;
  readonly contextId: number;
}): Condition {
  const { guest: name, guestPort: port, vsock, contextId } = forward;
  return { ...answers({ name, vsock, contextId, port }), seconds: 60 };
}

interface Asked {
  readonly name: string;
  readonly vsock: VsockDevice;
  readonly contextId: number;
  readonly port: number;
  readonly path?: string | undefined;
  /** Of the guest itself. */
  readonly moreOf?: {
    readonly needs: readonly string[];
    readonly preset: string;
    readonly kernel: string;
    readonly contextId: number;
    readonly sockets: Readonly<Record<string, string>>;
  };
}

function answers({ moreOf, path, ...guest }: Asked): Omit<Condition, "seconds"> {
  const { name, port } = guest;
  return {
    kind: "microvm.answers",
    spec: {
      dial: dialArguments(guest),
      port,
      unit: guestUnit(name),
      console: consolePath(name),
      ...(path !== undefined && { path }),
      ...moreOf,
    },
    what: `port ${String(port)} of guest ${name} to answer`,
  };
}
