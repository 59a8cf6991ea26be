import { fingerprint, type HostKey, hostKeyOf } from "./host-key.ts";
import type { InventoryHost } from "../inventory/host.ts";
import { trust } from "./trust.ts";

/** Whether a host is the one that was meant: it holds a key that is known, or is trusted on first use. */
export class HostKeyCheck {
  private readonly entry: InventoryHost;
  private readonly log: (line: string) => void;
  /** Why its key was not accepted. */
  problem: string | undefined;

  constructor(entry: InventoryHost, log: (line: string) => void) {
    this.entry = entry;
    this.log = log;
  }

  /** Never rejects. */
  async accepts(blob: Buffer): Promise<boolean> {
    const { hostKeys } = this.entry;
    const shown = hostKeyOf(blob);
    if (hostKeys.some(({ type, body }) => type === shown.type && body === shown.body)) return true;
    return hostKeys.length === 0 ? this.meet(shown) : this.refuse(this.mismatch(shown));
  }

  private async meet(shown: HostKey): Promise<boolean> {
    const { name, hostKeyFile } = this.entry;
    const result = await trust(this.entry, shown);
    if (result.outcome === "refused") return this.refuse(result.problem);
    if (result.outcome === "written")
      this.log(
        `${name}: its host key ${fingerprint(shown)} was seen for the first time, and is trusted from now on: written to ${hostKeyFile}`,
      );
    return true;
  }

  private mismatch(shown: HostKey): string {
    const { hostKeys, hostKeyFile } = this.entry;
    const pinned = hostKeys.map(fingerprint).join(" or ");
    return (
      `the host key is ${fingerprint(shown)}, the inventory pins ${pinned}; ` +
      `if the host was reinstalled put its new key into ${hostKeyFile}, otherwise somebody is in between`
    );
  }

  private refuse(problem: string): boolean {
    this.problem = problem;
    return false;
  }
}
