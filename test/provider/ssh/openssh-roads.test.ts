import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { HostUnreachable } from "../../../provider/src/host-program/host.ts";
import { sh } from "./programs.ts";
import { freePort, Grounds, isRunning, obstacle, rejection } from "./openssh.ts";

const reason = obstacle();

describe.skipIf(reason !== "")(`the way to a real sshd${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  afterEach(async () => grounds.cleanUp());
  afterAll(() => {
    grounds.remove();
  });

  describe("that is slow", () => {
    it("carries everything unchanged, only later", async () => {
      const { port } = await grounds.sshd();
      const road = await grounds.road(() => port, { delayMs: 30, bytesPerSecond: 400_000 });
      const host = grounds.pool({ node1: grounds.entry(road.port) }).host("node1");
      const sent = randomBytes(200_000).toString("hex");
      const began = performance.now();
      const results = await Promise.all([
        host.run(sh`cat`, { stdin: sent }),
        ...[1, 2, 3].map(async (number) => host.run(sh`echo ${number}; echo ${"é"} >&2`)),
      ]);
      // The road does slow down: there and back are 800 kB.
      expect(performance.now() - began).toBeGreaterThan(1000);
      expect(results[0].stdout === sent).toBe(true);
      expect(results.slice(1)).toEqual(
        [1, 2, 3].map((number) => ({ exitCode: 0, stdout: `${number}\n`, stderr: "é\n" })),
      );
    });
  });

  describe("that breaks", () => {
    it("in the midst of a script repeats it when it says that it may be repeated", async () => {
      const { port } = await grounds.sshd();
      const road = await grounds.road(() => port);
      const pool = grounds.pool({ node1: grounds.entry(road.port) });
      const file = join(grounds.folder, "times");
      const running = pool
        .host("node1")
        .run(sh`echo x >>${file}; sleep 2; wc -l <${file}`, { repeatable: true });
      await vi.waitUntil(() => existsSync(file), { timeout: 20_000 });
      road.drop();
      expect((await running).stdout).toBe("2\n");
      expect(pool.statistics().get("node1")).toEqual({ dials: 2, requests: 1 });
    });

    it("in the midst of any other script says that nobody knows, and ends it there", async () => {
      const { port } = await grounds.sshd();
      const road = await grounds.road(() => port);
      const pool = grounds.pool({ node1: grounds.entry(road.port) });
      const running = pool.host("node1").run(sh`sleep 96761`);
      running.catch(() => undefined);
      await vi.waitUntil(() => isRunning("sleep 96761"), { timeout: 20_000 });
      road.drop();
      expect((await rejection(running)).message).toBe(
        "node1: the connection was lost while running; what was under way may or may not have finished; run again",
      );
      await vi.waitUntil(() => !isRunning("sleep 96761"), { timeout: 10_000 });
    });

    it("without a word to anybody ends what runs at both ends", async () => {
      const { port } = await grounds.sshd();
      const road = await grounds.road(() => port);
      const limits = { keepAliveSeconds: 1 };
      const pool = grounds.pool({ node1: grounds.entry(road.port, limits) });
      const running = rejection(pool.host("node1").run(sh`sleep 96762`));
      await vi.waitUntil(() => isRunning("sleep 96762"), { timeout: 30_000 });
      road.silence();
      expect((await running).message).toContain("the connection was lost while");
      await vi.waitUntil(() => !isRunning("sleep 96762"), { timeout: 30_000 });
    });

    it("not at all leaves a long script alone, and others beside it, where sshd has one session", async () => {
      const { port } = await grounds.sshd("MaxSessions 1");
      const pool = grounds.pool({ node1: grounds.entry(port, { keepAliveSeconds: 1 }) });
      const long = pool.host("node1").run(sh`sleep 7.96764; echo long`);
      await vi.waitUntil(() => isRunning("sleep 7.96764"), { timeout: 30_000 });
      const others = await Promise.all(
        [1, 2, 3].map(async (number) => pool.host("node1").run(sh`echo ${number}`)),
      );
      expect(others.map(({ stdout }) => stdout)).toEqual(["1\n", "2\n", "3\n"]);
      expect((await long).stdout).toBe("long\n");
      expect(pool.statistics().get("node1")).toEqual({ dials: 1, requests: 4 });
    });

    it("during the handshake is tried again, which is told", async () => {
      const { port } = await grounds.sshd();
      // In the greeting, in the key exchange, and in the authentication.
      const road = await grounds.road(() => port, { dropAfterBytes: [1, 600, 1300] });
      const pool = grounds.pool({ node1: grounds.entry(road.port, { connectAttempts: 4 }) });
      expect((await pool.host("node1").run(sh`echo in`)).stdout).toBe("in\n");
      expect(road.connections).toBe(4);
      expect(grounds.lines).toHaveLength(3);
      for (const [index, line] of grounds.lines.entries())
        expect(line).toMatch(
          new RegExp(
            `^node1: 127.0.0.1 port ${road.port} closed .*; trying again, attempt ${index + 2} of 4$`,
          ),
        );
    });
  });

  describe("to another address", () => {
    it("is taken by the next script when the inventory says so, and the host must be the same", async () => {
      const { port } = await grounds.sshd();
      const roads = [
        await grounds.road(() => port),
        await grounds.road(() => port, {}, "127.0.0.2"),
      ] as const;
      const pool = grounds.pool({ node1: grounds.entry(roads[0].port) });
      const host = pool.host("node1");
      const client = async (): Promise<string> => (await host.run(sh`echo "$SSH_CONNECTION"`)).stdout;
      expect(await client()).not.toBe("");
      const slow = host.run(sh`sleep 1; echo over the old road`);
      await vi.waitUntil(() => pool.statistics().get("node1")?.requests === 1);
      grounds.inventory({ node1: grounds.entry(roads[1].port, { address: "127.0.0.2" }) });
      expect((await host.run(sh`echo over the new road`)).stdout).toBe("over the new road\n");
      expect((await slow).stdout).toBe("over the old road\n");
      expect(roads.map(({ connections }) => connections)).toEqual([1, 1]);
      grounds.key("stranger_key");
      const stranger = await grounds.sshd(`HostKey ${join(grounds.folder, "stranger_key")}`);
      grounds.inventory({ node1: grounds.entry(stranger.port) });
      expect((await rejection(host.run(sh`true`))).message).toMatch(
        /^node1: the host key is .* the inventory pins/,
      );
    });

    it("behind jump hosts in a chain, each with its own port, moves with the first of them", async () => {
      const servers = [await grounds.sshd(), await grounds.sshd(), await grounds.sshd()] as const;
      const roads = [
        await grounds.road(() => servers[0].port),
        await grounds.road(() => servers[0].port),
      ] as const;
      const hosts = (first: number): Record<string, Record<string, unknown>> => ({
        bastion: grounds.entry(first),
        middle: grounds.entry(servers[1].port, { jumpHost: "bastion" }),
        node1: grounds.entry(servers[2].port, { jumpHost: "middle" }),
      });
      const pool = grounds.pool(hosts(roads[0].port));
      expect((await pool.host("node1").run(sh`echo one`)).stdout).toBe("one\n");
      grounds.inventory(hosts(roads[1].port));
      expect((await pool.host("node1").run(sh`echo two`)).stdout).toBe("two\n");
      expect(roads.map(({ connections }) => connections)).toEqual([1, 1]);
    });
  });

  describe("to a host that does not answer", () => {
    it("is told while it is tried, within the limits that the inventory sets", async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const limits = { connectTimeoutSeconds: 1, connectAttempts: 2 };
      const pool = grounds.pool({ node1: grounds.entry(port, limits) }, { noticeSeconds: 0.3 });
      const error = await rejection(pool.host("node1").run(sh`true`));
      expect(error.message).toMatch(
        /^node1: 127.0.0.1 port \d+ does not answer in time; .* \(tried 2 times\)$/,
      );
      expect(grounds.lines).toContain(
        `node1: waiting for sshd at 127.0.0.1 port ${port}, attempt 1 of 2, 0 s so far`,
      );
      expect(grounds.lines.filter((line) => line.includes("trying again, attempt 2 of 2"))).toHaveLength(1);
      expect(grounds.lines.filter((line) => line.includes("waiting for sshd")).length).toBeGreaterThan(3);
      const told = grounds.lines.length;
      silent.close();
      await new Promise((resolve) => setTimeout(resolve, 700));
      expect(grounds.lines).toHaveLength(told);
    });

    it("is given up at once by a hundred more, with the same sentence and its age, and found again when it is back", async () => {
      const { port } = await grounds.sshd();
      const away = await freePort();
      let target = away;
      const road = await grounds.road(() => target);
      const limits = { dialTries: 3, dialWaitSeconds: 0.5, unreachableSeconds: 3 };
      const host = (pool = grounds.pool({ node1: grounds.entry(road.port) }, limits)) => ({
        pool,
        run: async () => pool.host("node1").run(sh`echo in`),
      });
      const { pool, run } = host();
      const first = await rejection(run());
      expect(first.message).toMatch(/ \(tried 3 times\)$/);
      const dials = pool.statistics().get("node1")?.dials;
      const began = performance.now();
      const errors = await Promise.all(Array.from({ length: 100 }, async () => rejection(run())));
      // One that dials takes 1.5 s in pauses alone.
      expect(performance.now() - began).toBeLessThan(1000);
      expect(pool.statistics().get("node1")?.dials).toBe(dials);
      for (const error of errors) {
        expect(error).toBeInstanceOf(HostUnreachable);
        expect(error.message).toMatch(/; that was \d s ago, and is tried again after 3 s$/);
        expect(error.message.startsWith(first.message)).toBe(true);
      }
      target = port;
      await vi.waitFor(
        async () => {
          expect((await run()).stdout).toBe("in\n");
        },
        {
          timeout: 10_000,
          interval: 200,
        },
      );
    });

    it("is dialled at once when the inventory says something new of it", async () => {
      const { port } = await grounds.sshd();
      const pool = grounds.pool({ node1: grounds.entry(await freePort()) }, { unreachableSeconds: 1000 });
      await rejection(pool.host("node1").run(sh`true`));
      grounds.inventory({ node1: grounds.entry(port) });
      expect((await pool.host("node1").run(sh`echo in`)).stdout).toBe("in\n");
    });
  });

  describe("to one host", () => {
    it("that hangs with all its sessions taken does not hold up another", async () => {
      const [stuck, good] = [await grounds.sshd(), await grounds.sshd()];
      const pool = grounds.pool({
        stuck: grounds.entry(stuck.port),
        good: grounds.entry(good.port, { maxSessions: 4 }),
      });
      const hanging = Array.from({ length: 58 }, async () =>
        rejection(pool.host("stuck").run(sh`sleep 96771`)),
      );
      await vi.waitUntil(() => isRunning("sleep 96771"), { timeout: 20_000 });
      const numbers = Array.from({ length: 50 }, (_, index) => index);
      const done = await Promise.all(numbers.map(async (index) => pool.host("good").run(sh`echo ${index}`)));
      expect(done.map(({ stdout }) => stdout)).toEqual(numbers.map((index) => `${index}\n`));
      // They do hang: nothing of them has come to an end.
      expect(pool.statistics().get("stuck")).toEqual({ dials: 1, requests: 0 });
      pool.interrupt("enough");
      expect(new Set((await Promise.all(hanging)).map(({ message }) => message))).toEqual(
        new Set(["stuck: interrupted: enough"]),
      );
      await vi.waitUntil(() => !isRunning("sleep 96771"), { timeout: 10_000 });
    });

    it("that never answers the dial does not hold up another", async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = await grounds.sshd();
      const pool = grounds.pool({
        dead: grounds.entry((silent.address() as AddressInfo).port, { connectTimeoutSeconds: 600 }),
        good: grounds.entry(port),
      });
      let over = 0;
      const waiting = Array.from({ length: 50 }, async () =>
        rejection(pool.host("dead").run(sh`true`)).finally(() => (over += 1)),
      );
      const done = await Promise.all(
        Array.from({ length: 50 }, async () => pool.host("good").run(sh`echo in`)),
      );
      expect(done.every(({ stdout }) => stdout === "in\n")).toBe(true);
      expect([over, pool.statistics().get("dead")?.dials]).toEqual([0, 1]);
      pool.interrupt("enough");
      await Promise.all(waiting);
      silent.close();
    });
  });
});
