import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type Host, HostUnreachable } from "../host/host.ts";
import { Connection } from "./connection.ts";
import { DialFailed } from "./dial-problem.ts";
import { authenticate, openSocket } from "./dial.ts";
import { findHost } from "./inventory.ts";
import type { Inventory, InventoryHost } from "./inventory-host.ts";
import { type Lease, Link } from "./link.ts";
import { type Limits, limitsOf, type PoolOptions } from "./pool-options.ts";
import { SshHost } from "./ssh-host.ts";
import { trace } from "./trace.ts";

/** What a pool did on a host so far. */
export interface HostStatistics {
  /** Connections that were tried. */
  readonly dials: number;
  /** Scripts that were run to their end. */
  readonly scripts: number;
}

/**
 * The hosts of an inventory over SSH, with one connection for each: dialled on first use, shared by all, closed when idle,
 * dialled again on demand. The inventory is asked at each use, so what it says today counts.
 */
export class SshPool {
  private readonly inventory: () => Inventory;
  private readonly limits: Limits;
  private readonly links = new Map<string, Link>();
  private readonly counts = new Map<string, { dials: number; scripts: number }>();
  private closed = false;

  constructor(inventory: () => Inventory, options: PoolOptions = {}) {
    this.inventory = inventory;
    this.limits = limitsOf(options);
  }

  /** The host of that name; whether the inventory has it shows when it is used. */
  host(name: string): Host {
    return new SshHost(name, {
      limits: this.limits,
      entry: () => findHost(this.inventory(), name),
      acquire: async (entry) => this.acquire(entry),
      closed: () => this.closed,
      finished: ({ ms, exitCode, bytes }) => {
        this.count(name, { scripts: 1 });
        trace(this.limits.environment, { event: "script", host: name, ms, exitCode, bytes });
      },
    });
  }

  /** How often each host was dialled and how many scripts it ran. */
  statistics(): ReadonlyMap<string, HostStatistics> {
    return new Map([...this.counts].map(([name, counts]) => [name, { ...counts }]));
  }

  /** Ends all connections and whatever runs on them, for good. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.links.values()].map(async (link) => link.close()));
    this.links.clear();
  }

  private async acquire(entry: InventoryHost): Promise<Lease> {
    if (this.closed) throw new HostUnreachable(entry.name, "the pool of connections has been closed");
    const key = this.routeKey(entry);
    const current = this.links.get(entry.name);
    if (current?.usable === true && current.key === key) return current.acquire();
    current?.retire();
    const link = new Link(key, this.dial(entry), this.limits.idleSeconds);
    this.links.set(entry.name, link);
    return link.acquire();
  }

  /** Everything that decides where a connection leads; a change of it means a new connection. */
  private routeKey(entry: InventoryHost): string {
    const jump =
      entry.jumpHost === undefined ? "" : this.routeKey(findHost(this.inventory(), entry.jumpHost));
    return JSON.stringify([entry, jump]);
  }

  private async dial(entry: InventoryHost): Promise<Connection> {
    const { dialTries, dialWaitSeconds } = this.limits;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dialOnce(entry);
      } catch (error) {
        if (!(error instanceof DialFailed)) throw error;
        if (!error.again || attempt >= dialTries || this.closed) {
          const tries = attempt > 1 ? ` (tried ${attempt} times)` : "";
          throw new HostUnreachable(entry.name, error.message + tries, { cause: error });
        }
      }
      await delay(dialWaitSeconds * 1000 * 2 ** (attempt - 1));
    }
  }

  private async dialOnce(entry: InventoryHost): Promise<Connection> {
    const jump =
      entry.jumpHost === undefined ? undefined : await this.acquireJump(entry.name, entry.jumpHost);
    const began = performance.now();
    let ok = false;
    try {
      this.count(entry.name, { dials: 1 });
      const socket = jump === undefined ? await openSocket(entry, this.limits) : await forward(entry, jump);
      const client = await authenticate(entry, socket, this.limits);
      ok = true;
      const { maxChannels, refusalSeconds } = this.limits;
      const connection = new Connection({ host: entry.name, client, socket, maxChannels, refusalSeconds });
      void connection.ended.then(() => jump?.release());
      return connection;
    } finally {
      if (!ok) jump?.release();
      trace(this.limits.environment, {
        event: "dial",
        host: entry.name,
        ms: Math.round(performance.now() - began),
        ok,
      });
    }
  }

  private async acquireJump(name: string, jumpHost: string): Promise<Lease> {
    try {
      return await this.acquire(findHost(this.inventory(), jumpHost));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new HostUnreachable(name, `its jump host cannot be used: ${reason}`, { cause: error });
    }
  }

  private count(name: string, { dials = 0, scripts = 0 }: Partial<HostStatistics>): void {
    const before = this.counts.get(name) ?? { dials: 0, scripts: 0 };
    this.counts.set(name, { dials: before.dials + dials, scripts: before.scripts + scripts });
  }
}

async function forward({ address, port, jumpHost = "" }: InventoryHost, jump: Lease): Promise<Duplex> {
  try {
    return await jump.connection.forward(address, port);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace("(SSH) Channel open failure: ", "") : String(error);
    const forbidden = /prohibited|open failed/.test(reason);
    const advice = forbidden ? `; check AllowTcpForwarding and permitopen on ${jumpHost}` : "";
    const problem = `its jump host ${jumpHost} cannot connect to ${address} port ${port}: ${reason}${advice}`;
    throw new DialFailed(problem, { again: !forbidden, cause: error });
  }
}
