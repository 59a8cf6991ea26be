import type { Phase, PhaseStep } from "./phases.ts";

/** A resource's making, in seconds since Pulumi was started. */
export interface Making {
  /** Without module: "Monitor". */
  readonly type: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A line of Pulumi's event log, and the second at which it was there. */
export interface StampedLine {
  readonly at: number;
  readonly line: string;
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Metadata };
  readonly resOutputsEvent?: { readonly metadata: Metadata };
}

interface Metadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
}

/** Which types of resources end which phase: what the next phase waits for. */
const phases: Readonly<Record<string, Phase>> = {
  Packages: "packages",
  FileSystem: "ceph",
  ClientKey: "ceph",
  Mount: "mounts",
  Guest: "guests",
  PortForward: "guests",
};

/** The resources of ours that an event log says were made; components and the stack are left out. */
export function parseMakings(log: readonly StampedLine[]): Making[] {
  const started = new Map<string, number>();
  return log.flatMap(({ at, line }) => {
    const event = JSON.parse(line) as EngineEvent;
    const before = event.resourcePreEvent?.metadata;
    if (before?.op === "create") started.set(before.urn, at);
    const made = event.resOutputsEvent?.metadata;
    const start = made?.op === "create" ? started.get(made.urn) : undefined;
    if (made === undefined || start === undefined || !made.type.startsWith("pulumi-nodejs:dynamic/"))
      return [];
    return [
      { type: made.type.split(":").at(-1) ?? "", name: made.urn.split("::").at(-1) ?? "", start, end: at },
    ];
  });
}

/** Their ends, as far as they end a phase. */
export function stepsOf(makings: readonly Making[]): PhaseStep[] {
  return makings.flatMap(({ type, end }) => {
    const phase = phases[type];
    return phase === undefined ? [] : [{ phase, end }];
  });
}
