import type { Log } from "./lock.ts";
import type { HostFile } from "./host-files.ts";
import type { Reach } from "./machine.ts";

/** One host of one lab, and where it lives. */
export interface Place {
  readonly lab: string;
  readonly host: string;
  readonly address: string;
  /** The host's own folder on this machine. */
  readonly directory: string;
  /** The lab's bridge. */
  readonly bridge: string;
  /** What `prepare` returned when the lab was made. */
  readonly base: string;
}

/** How a host is doing, seen from the machine. */
export type HostState = "running" | "paused" | "stopped";

/** A way to make hosts. Every verb may be called again after it was cut off half-way. */
export interface LabKind {
  readonly name: string;
  /** The Debian packages that this machine needs for it. */
  readonly packages: readonly string[];
  /** Makes what all hosts stand on, once per machine, and returns its place. */
  prepare(reach: Reach, log: Log): Promise<string>;
  /** Makes a host's disk with these files on it. */
  create(place: Place, files: readonly HostFile[]): Promise<void>;
  /** Whether `create` was completed. */
  isCreated(place: Place): Promise<boolean>;
  /** Turns a host on; it outlives this process. */
  start(place: Place): Promise<void>;
  /** Turns a host off, at once, like pulling its plug. */
  stop(place: Place): Promise<void>;
  /** Removes everything of a host that is off. */
  remove(place: Place): Promise<void>;
  state(place: Place): HostState;
  /** Seconds since the host was turned on; undefined when it is off. */
  uptimeSeconds(place: Place): number | undefined;
  /** Stops all of a running host's processes where they are. */
  pause(place: Place): Promise<void>;
  resume(place: Place): Promise<void>;
  /** Takes the host off the lab's network, or puts it back. */
  disconnect(place: Place): Promise<void>;
  connect(place: Place): Promise<void>;
  /** Saves what the host downloaded from the mirror into the cache. */
  harvest(place: Place): Promise<number>;
  /** The last lines of the host's console. */
  console(place: Place): Promise<string>;
}
