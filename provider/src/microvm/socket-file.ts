import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";

type SocketSpec = Readonly<{ unit: string; mode: string; owner: string }>;
interface SocketState {
  readonly mode: string;
  readonly owner: string;
  readonly [field: string]: string;
}

const kind: Kind<SocketSpec, SocketState> = {
  name: "microvm.socket",
  title: (path) => `socket ${path}`,
  differences({ mode, owner }, state) {
    const same = state.mode === mode && state.owner === owner;
    return same ? [] : [`is ${state.mode} ${state.owner}, not ${mode} ${owner}`];
  },
  disturbs: (_, state) => state === null,
};

/** The unix socket that a socket unit listens on: systemd does not notice when it is gone. */
export function socketFile(path: string, unit: string, owner: string): Artifact {
  return artifact(kind, path, { spec: { unit, mode: "600", owner: `${owner}:${owner}` }, whose: "shared" });
}
