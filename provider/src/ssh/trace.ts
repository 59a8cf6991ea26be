import { appendFileSync } from "node:fs";

/** What happened on a host, without any content. */
export type TraceEvent =
  | { readonly event: "dial"; readonly host: string; readonly ms: number; readonly ok: boolean }
  | {
      readonly event: "script";
      readonly host: string;
      readonly ms: number;
      readonly exitCode: number;
      readonly bytes: number;
    };

/** Append an event as one line of JSON to the file that TOROCLOUD_TRACE names; does nothing without it. */
export function trace(environment: NodeJS.ProcessEnv, event: TraceEvent): void {
  const file = environment["TOROCLOUD_TRACE"];
  if (file === undefined || file === "") return;
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}
