import type { RunOptions } from "../host/host.ts";
import type { Interruption } from "./interruption.ts";
import type { InventoryHost } from "./inventory-host.ts";
import type { Limits } from "./pool-options.ts";

/** What an exchange needs to know. */
export interface ExchangeSettings {
  readonly entry: InventoryHost;
  readonly script: string;
  readonly options: RunOptions;
  readonly timeoutSeconds: number;
  readonly limits: Pick<Limits, "maxOutputBytes" | "lingerSeconds" | "graceSeconds">;
  readonly interruption: Interruption;
  /** For sudo -S. */
  readonly password?: string;
}
