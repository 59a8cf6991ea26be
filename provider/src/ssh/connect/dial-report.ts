import type { InventoryHost } from "../../inventory/host.ts";
import type { Limits } from "../pool-options.ts";

/** Tells every few seconds what a dial waits for, on which host and how far it is. */
export class DialReport {
  private readonly entry: InventoryHost;
  private readonly limits: Limits;
  private readonly began = performance.now();
  private readonly timer: NodeJS.Timeout;
  private attempt = 1;

  constructor(entry: InventoryHost, limits: Limits) {
    this.entry = entry;
    this.limits = limits;
    this.timer = setInterval(() => {
      this.tick();
    }, limits.noticeSeconds * 1000).unref();
  }

  /** Another attempt follows, after one that failed. */
  again(problem: string): void {
    this.attempt += 1;
    this.limits.log(`${this.entry.name}: ${problem}; trying again, ${this.progress}`);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const { name, address, port, jumpHost } = this.entry;
    const over = jumpHost === undefined ? "" : ` over ${jumpHost}`;
    const seconds = Math.round((performance.now() - this.began) / 1000);
    this.limits.log(
      `${name}: waiting for sshd at ${address} port ${port}${over}, ${this.progress}, ${seconds} s so far`,
    );
  }

  private get progress(): string {
    return `attempt ${this.attempt} of ${this.limits.dialTries}`;
  }
}
