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
    const { resourcePreEvent, resOutputsEvent } = JSON.parse(line) as EngineEvent;
    const before = resourcePreEvent?.metadata;
    if (isOurs(before)) started.set(before.urn, at);
    const made = resOutputsEvent?.metadata;
    if (!isOurs(made)) return [];
    const { urn, type } = made;
    return [{ type: after(type, ":"), name: after(urn, "::"), start: started.get(urn) ?? at, end: at }];
  });
}

function isOurs(metadata: Metadata | undefined): metadata is Metadata {
  return metadata?.op === "create" && metadata.type.startsWith("pulumi-nodejs:dynamic/");
}

function after(text: string, separator: string): string {
  return text.slice(text.lastIndexOf(separator) + separator.length);
}

/** Their ends, as far as they end a phase. */
export function stepsOf(makings: readonly Making[]): PhaseStep[] {
  return makings.flatMap(({ type, end }) => {
    const phase = phases[type];
    return phase === undefined ? [] : [{ phase, end }];
  });
}
