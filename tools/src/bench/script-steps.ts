import type { Phase, PhaseStep } from "./phases.ts";

/** Which of the steps that bench/plain-up.sh tells end which phase. */
const phases: Readonly<Record<string, Phase>> = {
  packages: "packages",
  "file system": "ceph",
  mount: "mounts",
  page: "guests",
};

/** The steps in what bench/plain-up.sh printed: lines `@ SECONDS WHERE WHAT`; others are left out. */
export function parseScriptSteps(text: string): PhaseStep[] {
  return [...text.matchAll(/^@ (\d+\.\d+) \S+ (.+)$/gm)].flatMap(([, seconds = "", what = ""]) => {
    const phase = phases[what];
    return phase === undefined ? [] : [{ phase, end: Number(seconds) }];
  });
}
