import type { Condition } from "../artifacts/artifact.ts";
import { dialArguments, guestUnit, shareUnit, vsockUnit, type VsockDevice } from "./names.ts";
import { consolePath, shareNames, type GuestMachine } from "./qemu.ts";

export interface Readiness {
  readonly port: number;
  readonly path?: string | undefined;
  readonly timeoutSeconds: number;
}

interface ReadyGuest extends GuestMachine {
  readonly mountUnit: string;
}

/** The guest's service answers. What keeps it from that is told, and it is given up as soon as waiting is of no use. */
export function guestAnswers(guest: ReadyGuest, { port, path, timeoutSeconds }: Readiness): Condition {
  const { name, vsock, contextId, preset, kernel, mountUnit } = guest;
  const needs = [
    mountUnit,
    ...shareNames(guest).map(([, share]) => `${shareUnit(share)}.socket`),
    ...(vsock === "user" ? [vsockUnit(name)] : []),
  ];
  const moreOf = { needs, preset, kernel, contextId };
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
