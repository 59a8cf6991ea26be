import type { HostNames } from "./check.ts";
import type { Hosts } from "./define-resource.ts";

/** What the lifecycle needs from outside. */
export interface Surroundings {
  readonly hosts: (inventory: string) => Hosts;
  readonly hostNames: HostNames;
  /** Progress for the person who waits. */
  readonly log: (line: string) => void;
}
