import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";
import { programDirectory } from "./names.ts";
import { tscVariable } from "./qemu.ts";

/** Read by guests' units. */
export const clockFile = `${programDirectory}/clock.env`;

type ClockSpec = Readonly<{ variable: string }>;
type ClockState =
  { readonly mode: string; readonly owner: string; readonly measured: boolean } | { readonly link: string };

/** A file with the frequency of the host's time stamp counter, as the kernel measured it: any number is taken. */
const kind: Kind<ClockSpec, ClockState> = {
  name: "microvm.clock",
  title: (path) => `file ${path}`,
  differences({ variable }, state) {
    if ("link" in state) return [`is a symbolic link to ${state.link}, not a file`];
    const found = [state.mode, state.owner, ...(state.measured ? [variable] : [])].join(" ");
    const wanted = `644 root:root ${variable}`;
    return found === wanted ? [] : [`is ${found}, not ${wanted}`];
  },
  disturbs: () => false,
};

export const clock: Artifact = artifact(kind, clockFile, { spec: { variable: tscVariable } });
