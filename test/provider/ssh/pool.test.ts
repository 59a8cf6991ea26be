import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { HostUnreachable } from "../../../provider/src/host-program/host.ts";
import { sh, testProgram, TestPool } from "./programs.ts";
import { InventoryError, loadInventory } from "../../../provider/src/inventory/index.ts";
import { compiledSources } from "./compiled.ts";
import { Bench, entryOf, newKey, TestServer } from "./ssh-server.ts";

const bench = new Bench();
afterEach(async () => bench.cleanUp());
afterAll(() => {
  bench.remove();
});

const message = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(HostUnreachable);
      return (error as Error).message;
    },
  );

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe("a connection", () => {
  it("is dialled on first use, once for many", async () => {
    const server = await bench.server();
    const pool = bench.pool({ node1: entryOf(server) });
    expect(pool.statistics().size).toBe(0);
    await Promise.all([pool.host("node1").run(sh`true`), pool.host("node1").run(sh`true`)]);
    await pool.host("node1").run(sh`true`);
    expect(pool.statistics()).toEqual(new Map([["node1", { dials: 1, requests: 3 }]]));
  });

  it("is closed when nobody uses it, and dialled again on demand", async () => {
    const server = await bench.server();
    const host = bench.pool({ node1: entryOf(server) }, { idleSeconds: 0.1 }).host("node1");
    await host.run(sh`sleep 0.3`);
    expect(server.openConnections).toBe(1);
    await vi.waitUntil(() => server.openConnections === 0);
    await host.run(sh`true`);
    expect(server.connections).toBe(2);
  });

  it("is replaced when the inventory says something else", async () => {
    const [one, two] = [await bench.server(), await bench.server()];
    const pool = bench.pool({ node1: entryOf(one) });
    await pool.host("node1").run(sh`true`);
    bench.inventory({ node1: entryOf(two) });
    await pool.host("node1").run(sh`true`);
    expect(two.connections).toBe(1);
    await vi.waitUntil(() => one.openConnections === 0);
  });

  it("is dialled again after the server has gone and come back", async () => {
    const server = await bench.server();
    const { port, hostKey } = server;
    const host = bench.pool({ node1: entryOf(server) }, { dialWaitSeconds: 0.1 }).host("node1");
    await host.run(sh`true`);
    await server.close();
    const running = host.run(sh`echo back`, { repeatable: true });
    const again = await new TestServer({}, hostKey).listen(port);
    expect((await running).stdout).toBe("back\n");
    await again.close();
  });

  it("does not keep the process alive", async () => {
    const server = await bench.server();
    const inventory = bench.inventory({ node1: entryOf(server) });
    const sources = compiledSources(bench.folder);
    const program = bench.write(
      "program.mjs",
      `import { loadInventory } from ${JSON.stringify(join(sources, "inventory/index.js"))};
       import { SshPool } from ${JSON.stringify(join(sources, "ssh/index.js"))};
       const pool = new SshPool(() => loadInventory(${JSON.stringify(inventory)}), { idleSeconds: 0.2 });
       const { results } = await pool.host("node1").ask({ steps: [{ do: "readMarker", place: { in: "host", path: "/nowhere" } }] });
       console.log(results);`,
    );
    const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(output).toBe("[ null ]\n");
  }, 30_000);

  it("is ended with the pool, which cannot be used any more", async () => {
    const server = await bench.server();
    const pool = bench.pool({ node1: entryOf(server) });
    const host = pool.host("node1");
    await host.run(sh`true`);
    const running = message(host.run(sh`sleep 60`, { repeatable: true }));
    await vi.waitUntil(() => server.children.size === 1);
    await pool.close();
    expect(await running).toContain("node1: the connection was lost while running");
    expect(await message(host.run(sh`true`))).toBe("node1: the pool of connections has been closed");
    await vi.waitUntil(() => server.openConnections === 0 && server.children.size === 0);
  });

  it("is refused for a host that the inventory does not have", async () => {
    const pool = bench.pool({});
    await expect(pool.host("node1").run(sh`true`)).rejects.toThrow(InventoryError);
  });
});

describe("a host key", () => {
  it("that is not the pinned one is refused, with both fingerprints and what to do", async () => {
    const server = await bench.server();
    const entry = { ...entryOf(server), hostKey: newKey().public };
    const pool = bench.pool({ node1: entry });
    expect(await message(pool.host("node1").run(sh`true`))).toMatch(
      /^node1: the host key is ssh-ed25519 SHA256:\S{43}, the inventory pins ssh-ed25519 SHA256:\S{43}; if the host was reinstalled put its new key into \/.*inventory.json, otherwise somebody is in between$/,
    );
    expect(pool.statistics().get("node1")).toEqual({ dials: 1, requests: 0 });
  });

  it("may be one of several", async () => {
    const server = await bench.server();
    const entry = { ...entryOf(server), hostKey: [newKey().public, server.hostKey.public] };
    expect(
      (
        await bench
          .pool({ node1: entry })
          .host("node1")
          .run(sh`true`)
      ).exitCode,
    ).toBe(0);
  });

  it("of another type is not even negotiated", async () => {
    const server = await bench.server();
    const entry = {
      ...entryOf(server),
      hostKey: ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public,
    };
    const text = await message(
      bench
        .pool({ node1: entry })
        .host("node1")
        .run(sh`true`),
    );
    expect(text).toContain(
      "node1: the host offers no host key of the type that is pinned (ecdsa-sha2-nistp256)",
    );
  });
});

describe("a host that cannot be reached", () => {
  it("is reported when nothing listens, after some tries", async () => {
    const pool = bench.pool({
      node1: { address: "127.0.0.1", port: await closedPort(), hostKey: newKey().public },
    });
    const text = await message(pool.host("node1").run(sh`true`));
    expect(text).toMatch(
      /^node1: 127.0.0.1 port \d+ refuses connections; is sshd running there.* \(tried 3 times\)$/,
    );
    expect(pool.statistics().get("node1")?.dials).toBe(3);
  });

  it("is dialled again when it is just booting", async () => {
    const server = await bench.server({ dropConnections: 2 });
    expect(
      (
        await bench
          .pool({ node1: entryOf(server) })
          .host("node1")
          .run(sh`true`)
      ).exitCode,
    ).toBe(0);
    expect(server.connections).toBe(3);
  });

  it("is reported when it does not answer in time", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const entry = { address: "127.0.0.1", port, hostKey: newKey().public };
    const pool = bench.pool({ node1: entry }, { dialSeconds: 0.1, dialTries: 2 });
    expect(await message(pool.host("node1").run(sh`true`))).toMatch(
      /does not answer in time.*\(tried 2 times\)$/,
    );
    silent.close();
  });

  it("is reported when its name does not resolve", async () => {
    const pool = bench.pool({ node1: { address: "no-such-host.invalid", hostKey: newKey().public } });
    expect(await message(pool.host("node1").run(sh`true`))).toMatch(
      /^node1: the name no-such-host.invalid does not resolve/,
    );
  }, 20_000);

  it("is reported when it does not let us in, with what was tried", async () => {
    const server = await bench.server({ authorized: newKey().public });
    const pool = bench.pool({ node1: { ...entryOf(server), agent: "/nowhere/agent" } });
    const text = await message(pool.host("node1").run(sh`true`));
    expect(text).toMatch(
      /^node1: sshd does not let root in at 127.0.0.1 with the key ssh-ed25519 SHA256:\S+ of \/.*key/,
    );
    expect(text).toContain("not tried: the agent's socket /nowhere/agent does not exist");
    expect(text).toContain("authorized_keys");
  });
});

describe("logging in", () => {
  it("opens an encrypted key with the passphrase that a variable holds", async () => {
    const key = ssh2.utils.generateKeyPairSync("ed25519", {
      passphrase: "pp",
      cipher: "aes256-cbc",
      rounds: 1,
    });
    bench.write("encrypted", key.private);
    const server = await bench.server({ authorized: key.public });
    const hosts = { node1: { ...entryOf(server), privateKeyFile: "encrypted", passphraseEnv: "PASS" } };
    const run = async (environment: NodeJS.ProcessEnv) =>
      bench
        .pool(hosts, { environment })
        .host("node1")
        .run(sh`true`);
    expect((await run({ PASS: "pp" })).exitCode).toBe(0);
    expect(await message(run({}))).toContain(
      "encrypted is encrypted and the environment variable PASS with its passphrase is not set",
    );
    const wrong = await message(run({ PASS: "wrong-one" }));
    expect(wrong).toContain(
      "encrypted cannot be opened with the passphrase in the environment variable PASS",
    );
    expect(wrong).not.toContain("wrong-one");
  });
});

describe("a jump host", () => {
  const chain = async (behaviour = {}) => {
    const [bastion, middle, node] = [
      await bench.server(behaviour),
      await bench.server(),
      await bench.server(),
    ];
    const hosts: Record<"bastion" | "middle" | "node1", Record<string, unknown>> = {
      bastion: entryOf(bastion),
      middle: { ...entryOf(middle), jumpHost: "bastion" },
      node1: { ...entryOf(node), jumpHost: "middle" },
    };
    return { bastion, middle, node, hosts };
  };

  it("may itself be behind one; its connection is shared and closed after the last that goes over it", async () => {
    const { bastion, middle, node, hosts } = await chain();
    const pool = bench.pool(hosts, { idleSeconds: 0.1 });
    const both = ["node1", "middle"].map(async (name) => pool.host(name).run(sh`echo ${name}`));
    expect((await Promise.all(both)).map(({ stdout }) => stdout)).toEqual(["node1\n", "middle\n"]);
    expect([...pool.statistics()].map(([name, { dials }]) => [name, dials]).sort()).toEqual([
      ["bastion", 1],
      ["middle", 1],
      ["node1", 1],
    ]);
    await vi.waitUntil(() => [bastion, middle, node].every(({ openConnections }) => openConnections === 0));
  });

  it("that cannot be reached is reported with both names", async () => {
    const { hosts } = await chain();
    hosts.bastion = { ...hosts.bastion, port: await closedPort() };
    const text = await message(
      bench
        .pool(hosts)
        .host("middle")
        .run(sh`true`),
    );
    expect(text).toMatch(
      /^middle: its jump host cannot be used: bastion: 127.0.0.1 port \d+ refuses connections/,
    );
  });

  it("that cannot reach the host is reported with both names", async () => {
    const { hosts } = await chain();
    hosts.middle = { ...hosts.middle, port: await closedPort() };
    const text = await message(
      bench
        .pool(hosts)
        .host("middle")
        .run(sh`true`),
    );
    expect(text).toMatch(
      /^middle: its jump host bastion cannot connect to 127.0.0.1 port \d+: .*\(tried 3 times\)$/,
    );
  });

  it("that goes away takes the connections over it along, and all are dialled again", async () => {
    const { bastion, hosts } = await chain();
    const host = bench.pool(hosts).host("node1");
    await host.run(sh`true`);
    const running = host.run(sh`sleep 0.5; echo done`, { repeatable: true });
    await vi.waitUntil(() => bastion.openConnections === 1);
    bastion.drop();
    expect((await running).stdout).toBe("done\n");
  });
});

it("uses what the inventory says at each use", async () => {
  const server = await bench.server();
  let file = bench.inventory({});
  const pool = new TestPool(() => loadInventory(file), { program: testProgram });
  await expect(pool.host("node1").run(sh`true`)).rejects.toThrow("hosts has no node1");
  file = bench.inventory({ node1: entryOf(server) });
  expect((await pool.host("node1").run(sh`true`)).exitCode).toBe(0);
  await pool.close();
});
