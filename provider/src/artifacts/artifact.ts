import type { Readable } from "node:stream";
import type { Json, Spec } from "../host-program/wire.ts";

/**
 * One kind of artifact: the half that decides. The other half, which observes, applies and removes on the host, has the same
 * name in host-program/torocloud_host. States are typed JSON; null is absent.
 */
export interface Kind<S extends Spec = Spec, State extends Json = Json> {
  readonly name: string;
  /** What a person calls one, as it reads in errors and drift: "file /etc/ceph/ceph.conf". */
  title(key: string, spec: S): string;
  /** What is wrong with what is there, each as a predicate: "has mode 600, not 644". None when all is as declared. */
  differences(spec: S, state: State): readonly string[];
  /** What is said where it is absent; "is missing" when left out. */
  missing?(spec: S): string;
  /**
   * Whether putting this right interrupts what it serves, so that what follows it is applied too; always, when left out. Not
   * asked where nothing differs.
   */
  disturbs?(spec: S, state: State | null): boolean;
  /** It serves: to apply it and disturb means an interruption that clients notice. */
  readonly serves?: true;
  /** Fields of the spec that no trace may show. */
  readonly secrets?: readonly (keyof S & string)[];
  /** It stays when the resource goes: something else may need it by then. */
  readonly stays?: true;
}

/**
 * Whose an artifact may be. `ours`: nobody else makes it, and what is there without our marker is another's. `shared`: others may
 * have made it, and it says nothing about who owns the resource. Where something shared is there and not as we need it, it is
 * taken over with `adopt` only (`adoptable`), or never (`refused`).
 */
export type Whose = "ours" | "shared" | "adoptable" | "refused";

/** One thing on a host, as data. */
export interface Artifact {
  readonly kind: Kind;
  /** What tells it from others of its kind: a path, a unit's name. */
  readonly key: string;
  readonly spec: Spec;
  readonly whose: Whose;
  /** Where people's data lies in it: kept on removal unless they asked for its destruction. */
  readonly data?: string;
  /** Applied again whenever one of these is applied and disturbs: a service, its unit file. */
  readonly follows?: readonly Artifact[];
  /** What the host reads when it applies it; at most one artifact of a resource has it. */
  readonly payload?: () => Readable;
}

/** An artifact of a kind, its spec checked against it. */
export function artifact<S extends Spec, State extends Json>(
  kind: Kind<S, State>,
  key: string,
  {
    spec,
    whose = "ours",
    ...rest
  }: { readonly spec: S; readonly whose?: Whose } & Pick<Artifact, "data" | "follows" | "payload">,
): Artifact {
  // From here on the spec only meets the kind that it was checked against.
  return { kind: kind as unknown as Kind, key, spec, whose, ...rest };
}

/** What a person calls it. */
export function titleOf({ kind, key, spec }: Artifact): string {
  return kind.title(key, spec);
}

/** What tells an artifact from all others of a host. */
export function identityOf({ kind, key }: Artifact): string {
  return `${kind.name} ${key}`;
}

/** An artifact that is not as declared. */
export interface Difference {
  readonly artifact: Artifact;
  /** What is there instead; null when it is absent. */
  readonly found: Json;
  /** Why it is not as declared, in words. */
  readonly reasons: readonly string[];
}

/** The artifacts that are not as declared; `states` in their order. */
export function differencesOf(artifacts: readonly Artifact[], states: readonly Json[]): Difference[] {
  return artifacts.flatMap((one, index) => {
    const found = states[index] ?? null;
    const { kind, spec } = one;
    const reasons = found === null ? [kind.missing?.(spec) ?? "is missing"] : kind.differences(spec, found);
    return reasons.length > 0 ? [{ artifact: one, found, reasons }] : [];
  });
}

/** One sentence for a person. */
export function sentenceOf({ artifact: one, reasons }: Difference): string {
  return `${titleOf(one)} ${reasons.join(" and ")}`;
}

/** Something that is so or not on a host, and can be waited for. */
export interface Condition {
  /** The host's half: host-program has it under this name. */
  readonly kind: string;
  readonly spec: Spec;
  /** What for, as a person would say it: "monitor node1 to join the quorum". */
  readonly what: string;
  /** How long it is waited for. */
  readonly seconds: number;
}

/** Something that a host is asked, and answers with JSON. Changes nothing. */
export interface Query {
  readonly kind: string;
  readonly spec: Spec;
  /** For errors: "reading the key of client.web". */
  readonly what: string;
}
