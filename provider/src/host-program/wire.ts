import { z } from "zod";

/** A value that JSON can hold. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json | undefined };

/** What the host's half of a kind is told about one of them. A field that is `undefined` is not sent. */
export type Spec = Readonly<Record<string, Json | undefined>>;

/**
 * One thing that the program on a host does. Steps of a request are done in order, and the first that fails ends it. `check` asks
 * a condition once; `wait` asks it again and again, at most `seconds`, and where it does not come true the request stops there.
 */
export type Step =
  | { readonly do: "readMarker" | "dropMarker"; readonly place: MarkerPlace }
  | { readonly do: "writeMarker"; readonly place: MarkerPlace; readonly marker: Json }
  | {
      readonly do: "observe" | "remove";
      readonly kind: string;
      readonly key: string;
      readonly spec: Spec;
      readonly secret?: Secret;
    }
  | {
      readonly do: "apply";
      readonly kind: string;
      readonly key: string;
      readonly spec: Spec;
      /** What was observed before; null where it was absent. */
      readonly found: Json;
      /** Whether what it serves is to be interrupted: a unit is restarted, not only enabled. */
      readonly disturb: boolean;
      /** Whether it reads the request's payload. */
      readonly payload?: true;
      readonly secret?: Secret;
    }
  | { readonly do: "query" | "check"; readonly kind: string; readonly spec: Spec; readonly secret?: Secret }
  | {
      readonly do: "wait";
      readonly kind: string;
      readonly spec: Spec;
      readonly seconds: number;
      readonly secret?: Secret;
    };

/** Where a marker lies. */
export interface MarkerPlace {
  /** In a file of the host, in one on its CephFS, or in the store of the cluster's monitors. */
  readonly in: "host" | "storage" | "cluster";
  /** The file; on CephFS below where it is mounted; or the key. */
  readonly path: string;
  /** Where CephFS must be mounted; left out, any of the host's is looked at. */
  readonly mountPoint?: string;
  /** The host's file in which 0.1.0 kept it: read where there is no other, and removed with every change. */
  readonly formerly?: string;
}

/**
 * What no trace may show of a step, which is not sent: fields of its spec and of its state or result by their names; or, where it is
 * true, the whole spec and the whole result.
 */
export type Secret = readonly string[] | true;

/** What is sent to a host: steps, and what must not run twice at once there. */
export interface Request {
  readonly steps: readonly Step[];
  /** While it runs, no other request with this lock does, from whatever run. */
  readonly lock?: string;
}

/** Why it could not be looked at. */
export const Unanswered = z.object({ unanswered: z.string() });

/** What a condition said: whether it is so, what was seen, why waiting longer is hopeless, where it is, and more for the error. */
export const Seen = z.object({
  done: z.boolean(),
  seen: z.string(),
  hopeless: z.string().optional(),
  details: z.string().optional(),
});
export type Seen = z.output<typeof Seen>;

/**
 * The answer: a result for each step that was done, in order. `readMarker` gives its text, null, or an {@link Unanswered}, `observe`
 * the state or null, `query` what the query gives, `check` and `wait` a {@link Seen}, the others null. `stopped` is the index of a
 * `wait` that did not come true; nothing after it was done, and its Seen is the last result.
 */
export interface Answer {
  readonly results: readonly Json[];
  readonly stopped?: number;
}

/** What JSON.parse gave: to look at each value again would take longer than all else that is done with an answer. */
const Value = z.unknown() as z.ZodType<Json>;

/**
 * Lines that the program writes, after its hello. An id of -1: an order came that it cannot tell from any request. Checked against
 * the Python types in a test.
 */
export const Message = z.union([
  z.object({ id: z.int(), results: z.array(Value), stopped: z.int().optional() }),
  z.object({
    id: z.int(),
    /**
     * `failed`: in words for a person; `unknown`: it could not be asked what is there; `overdue`: the time limit has passed; `busy`:
     * another has the lock; `cancelled`: as it was asked for, and nothing of it runs any more.
     */
    failed: z.enum(["failed", "unknown", "overdue", "busy", "cancelled"]),
    message: z.string(),
    /** The step that it was at; -1 before the first. */
    step: z.int(),
  }),
  /** At a step that takes its time; said something for the person who waits; what ran in it wrote a line. */
  z.object({ id: z.int(), step: z.int() }),
  z.object({ id: z.int(), say: z.string() }),
  z.object({ id: z.int(), line: z.string() }),
  /** So many more chunks of payload may be sent. */
  z.object({ id: z.int(), want: z.int() }),
  z.object({ pong: z.int() }),
]);
export type Message = z.output<typeof Message>;

/** The first line that it writes, behind a mark. */
export const Hello = z.object({
  /** SHA-256 of the program as it was read there. */
  program: z.string(),
  /** "3.13.5" */
  python: z.string(),
  /** /etc/machine-id; empty where there is none. */
  machine: z.string(),
  /** The user that it runs as; 0 is root. */
  user: z.int(),
});
export type Hello = z.output<typeof Hello>;

/** Lines that are sent to it, after the bundle and a line that says mark and heartbeat: a request, at most `limit` seconds long, a piece of its payload (base64) or its end, a cancellation, a sign of life. */
export type Order =
  | ({ readonly id: number; readonly limit: number } & Request)
  | { readonly id: number; readonly data: string }
  | { readonly id: number; readonly end: true }
  | { readonly cancel: number }
  | { readonly ping: number };
