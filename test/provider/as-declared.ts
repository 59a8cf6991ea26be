import type { Json, Spec } from "../../provider/src/host-program/wire.ts";

/** What the host's half of each kind observes where all is as a spec declares. */
const states: Readonly<Record<string, (spec: Spec) => Json>> = {};

export function asDeclared(kind: string, spec: Spec): Json {
  const state = states[kind];
  if (!state) throw new Error(`test/provider/as-declared.ts knows no kind ${kind}`);
  return state(spec);
}
