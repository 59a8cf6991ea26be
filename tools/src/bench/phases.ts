/** The parts of bringing a cloud up, in the order in which they end; each ends when the last of its steps has. */
export const phaseNames = ["packages", "ceph", "mounts", "guests"] as const;

export type Phase = (typeof phaseNames)[number];

/** A step of a phase, and the second at which it ended. */
export interface PhaseStep {
  readonly phase: Phase;
  readonly end: number;
}

/**
 * How many seconds each phase took of the whole: from the end of the one before it to its own. They overlap in
 * truth (guests' hosts are ready while Ceph starts), and so this says where the end was waited for, not what work it was.
 */
export function phaseSeconds(steps: readonly PhaseStep[]): ReadonlyMap<Phase, number> {
  let before = 0;
  return new Map(
    phaseNames.map((phase) => {
      const end = steps
        .filter((step) => step.phase === phase)
        .reduce((last, step) => Math.max(last, step.end), before);
      const seconds = end - before;
      before = end;
      return [phase, seconds];
    }),
  );
}
