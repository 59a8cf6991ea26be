import { type Host, HostUnreachable } from "../host-program/host.ts";
import type { Request } from "../host-program/wire.ts";
import type { Inventory, InventoryHost } from "../inventory/host.ts";
import { findHost } from "../inventory/inventory.ts";
import { Dialer } from "./connect/dialer.ts";
import { Cancellation } from "./connection/cancellation.ts";
import { type Lease, Link } from "./connection/link.ts";
import { throwRemembered } from "./connection/remembered.ts";
import { type Limits, limitsOf, type PoolOptions } from "./pool-options.ts";
import { Machines } from "./session/machines.ts";
import { Sessions } from "./session/sessions.ts";
import { type HostContext, SshHost } from "./ssh-host.ts";
import { trace, tracePlan } from "./trace.ts";

/** What a pool did on a host so far. */
export interface HostStatistics {
  /** Connections that were tried. */
  readonly dials: number;
  /** Requests that were answered. */
  readonly requests: number;
}

/**
 * The hosts of an inventory over SSH, with one connection for each: dialled on first use, shared by all, closed when idle,
 * dialled again on demand. The inventory is asked at each use, so what it says today counts. A host that could not be
 * reached is not dialled again for a while: until then the same error is given at once.
 */
export class SshPool {
  private readonly inventory: () => Inventory;
  private readonly limits: Limits;
  private readonly dialer: Dialer;
  private readonly cancellation = new Cancellation();
  private readonly sessions: Sessions;
  private readonly links = new Map<string, Link>();
  private readonly counts = new Map<string, { dials: number; requests: number }>();
  private closed = false;

  constructor(inventory: () => Inventory, options: PoolOptions = {}) {
    this.inventory = inventory;
    this.limits = limitsOf(options);
    const { limits, cancellation } = this;
    const distinct = limits.machines === "distinct";
    const machines = new Machines(() => new Set(distinct ? this.inventory().hosts.keys() : []));
    this.sessions = new Sessions({ limits, cancellation, machines });
    this.dialer = new Dialer({
      ...{ limits: this.limits, cancellation: this.cancellation, closed: () => this.closed },
      jump: async (name) => this.acquire(findHost(this.inventory(), name)),
      dialled: (name) => {
        this.count(name, { dials: 1 });
      },
    });
  }

  /** The host of that name; whether the inventory has it shows when it is used. */
  host(name: string): Host {
    return new SshHost(name, {
      ...{ cancellation: this.cancellation, sessions: this.sessions, closed: () => this.closed },
      entry: () => findHost(this.inventory(), name),
      acquire: async (entry) => this.acquire(entry),
      asked: (request) => this.asked(name, request),
    });
  }

  /** How often each host was dialled and how many requests it answered. */
  statistics(): ReadonlyMap<string, HostStatistics> {
    return new Map([...this.counts].map(([name, counts]) => [name, { ...counts }]));
  }

  /**
   * Ends every request that is under way, on its host too, and rejects it and whatever waits or comes later with Interrupted,
   * which gives `reason`: all within two seconds.
   */
  interrupt(reason: string): void {
    this.cancellation.begin(reason);
    for (const link of this.links.values()) link.retire();
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
    if (current?.key === key) {
      if (current.usable) return current.acquire();
      throwRemembered(entry.name, current.failure, this.limits.unreachableSeconds);
    }
    current?.retire();
    const link = new Link(key, this.dialer.dial(entry), this.limits.idleSeconds);
    this.links.set(entry.name, link);
    return link.acquire();
  }

  private asked(name: string, request: Request): ReturnType<HostContext["asked"]> {
    const { environment } = this.limits;
    const showEnd = tracePlan(environment, name, request);
    const began = performance.now();
    return (end) => {
      const ok = "answer" in end;
      const steps = request.steps.length;
      const ms = Math.round(performance.now() - began);
      if (ok) this.count(name, { requests: 1 });
      trace(environment, {
        event: "request",
        host: name,
        ms,
        steps,
        bytes: JSON.stringify(request).length,
        ok,
      });
      showEnd(end);
    };
  }

  /** Everything that decides where a connection leads; a change of it means a new connection. */
  private routeKey(entry: InventoryHost): string {
    const { jumpHost, trustOnFirstUse = false } = entry;
    const jump = jumpHost === undefined ? "" : this.routeKey(findHost(this.inventory(), jumpHost));
    // The key that is written down on first use is the one of the connection that there is.
    const route = trustOnFirstUse ? { ...entry, hostKeys: [] } : entry;
    return JSON.stringify([route, jump]);
  }

  private count(name: string, { dials = 0, requests = 0 }: Partial<HostStatistics>): void {
    const before = this.counts.get(name) ?? { dials: 0, requests: 0 };
    this.counts.set(name, { dials: before.dials + dials, requests: before.requests + requests });
  }
}
