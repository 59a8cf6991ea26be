import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { sh } from "../ssh/programs.ts";
import { InventoryError } from "../../../provider/src/inventory/index.ts";
import { compiledSources } from "../ssh/compiled.ts";
import { Grounds, obstacle, rejection } from "../ssh/openssh.ts";

const reason = obstacle();

describe.skipIf(reason !== "")(`the key of a real sshd${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  const file = join(grounds.folder, "trusted", "known_hosts");
  const trusting = { knownHostsFile: "trusted/known_hosts", trustOnFirstUse: true };
  afterEach(async () => {
    await grounds.cleanUp();
    rmSync(join(grounds.folder, "trusted"), { recursive: true, force: true });
  });
  afterAll(() => {
    grounds.remove();
  });

  const publicKey = (name: string): string => grounds.read(`${name}.pub`).split(" ").slice(0, 2).join(" ");
  const printOf = (name: string): string =>
    execFileSync("ssh-keygen", ["-l", "-f", join(grounds.folder, name)], { encoding: "utf8" }).split(
      " ",
    )[1] ?? "";
  /** Whether OpenSSH's own tool finds a key there. */
  const foundByOpenSsh = (path: string, port: number): boolean =>
    execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${port}`, "-f", path], { encoding: "utf8" }).includes(
      publicKey("host_key"),
    );

  describe("in a known_hosts file that OpenSSH wrote", () => {
    it("counts, be it plain or hashed or by pattern", async () => {
      const { port } = await grounds.sshd();
      const line = `[127.0.0.1]:${port} ${publicKey("host_key")}\n`;
      const hashed = grounds.write("hashed", line);
      execFileSync("ssh-keygen", ["-q", "-H", "-f", hashed], { stdio: "ignore" });
      grounds.write("plain", line);
      grounds.write("pattern", `[127.0.0.?]:*,!elsewhere ${publicKey("host_key")}\n`);
      expect(grounds.read("hashed")).toMatch(/^\|1\|/);
      for (const knownHostsFile of ["plain", "hashed", "pattern"]) {
        const pool = grounds.pool({ node1: grounds.entry(port, { knownHostsFile }) });
        expect((await pool.host("node1").run(sh`echo in`)).stdout).toBe("in\n");
      }
    });

    it("does not count when it is revoked there, for another port, or a certificate authority's", async () => {
      const { port } = await grounds.sshd();
      const line = `[127.0.0.1]:${port} ${publicKey("host_key")}\n`;
      const refused = async (content: string): Promise<string> => {
        grounds.write("refusing", content);
        const pool = grounds.pool({ node1: grounds.entry(port, { knownHostsFile: "refusing" }) });
        const error = await rejection(pool.host("node1").run(sh`true`));
        expect(error).toBeInstanceOf(InventoryError);
        return error.message;
      };
      expect(await refused(`${line}@revoked * ${publicKey("host_key")}\n`)).toContain("has no key for");
      expect(await refused(`127.0.0.1 ${publicKey("host_key")}\n`)).toContain(
        `has no key for [127.0.0.1]:${port}`,
      );
      expect(await refused(`@cert-authority ${line}`)).toMatch(
        /has no key for .* but a @cert-authority, and certificates of hosts cannot be verified here; add the host's own key \(ssh-keyscan -p \d+ 127.0.0.1/,
      );
    });
  });

  describe("that nobody knows", () => {
    it("is refused unless trust on first use is asked for", async () => {
      const { port } = await grounds.sshd();
      const fields = { ...trusting, trustOnFirstUse: false };
      const pool = grounds.pool({ node1: grounds.entry(port, fields) });
      await expect(pool.host("node1").run(sh`true`)).rejects.toThrow(/known_hosts does not exist/);
      expect(existsSync(file)).toBe(false);
    });

    it("is written down once, told in one sentence, and used over the same connection", async () => {
      const { port } = await grounds.sshd();
      const pool = grounds.pool({ node1: grounds.entry(port, trusting) });
      await Promise.all([1, 2, 3].map(async () => pool.host("node1").run(sh`true`)));
      expect((await pool.host("node1").run(sh`echo in`)).stdout).toBe("in\n");
      expect(pool.statistics().get("node1")?.dials).toBe(1);
      expect(grounds.lines).toEqual([
        `node1: its host key ssh-ed25519 ${printOf("host_key")} was seen for the first time, and is trusted from now on: written to ${file}`,
      ]);
      expect(grounds.read("trusted/known_hosts")).toBe(`[127.0.0.1]:${port} ${publicKey("host_key")}\n`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(foundByOpenSsh(file, port)).toBe(true);
      const second = grounds.pool({ node1: grounds.entry(port, trusting) });
      await second.host("node1").run(sh`true`);
      expect(grounds.lines).toHaveLength(1);
    });

    it("is refused when the host shows another one afterwards", async () => {
      grounds.key("other_key");
      const [first, impostor] = [
        await grounds.sshd(),
        await grounds.sshd(`HostKey ${join(grounds.folder, "other_key")}`),
      ];
      let target = first.port;
      const road = await grounds.road(() => target);
      const host = grounds.pool({ node1: grounds.entry(road.port, trusting) }).host("node1");
      await host.run(sh`true`);
      target = impostor.port;
      road.drop();
      const error = await rejection(host.run(sh`true`, { repeatable: true }));
      expect(error.message).toMatch(
        /^node1: the host key is ssh-ed25519 \S+, the inventory pins ssh-ed25519 \S+;/,
      );
      expect(error.message).toContain(`put its new key into ${file}`);
      expect(grounds.read("trusted/known_hosts")).not.toContain(publicKey("other_key"));
    });

    it("is not trusted when the file revokes it", async () => {
      const { port } = await grounds.sshd();
      const knownHostsFile = grounds.write("revoking", `@revoked * ${publicKey("host_key")}\n`);
      const pool = grounds.pool({ node1: grounds.entry(port, { knownHostsFile, trustOnFirstUse: true }) });
      const error = await rejection(pool.host("node1").run(sh`true`));
      expect(error.message).toContain(`is marked as revoked in ${knownHostsFile}`);
    });

    it("goes to the end of a file with hashed names as one more of these, and leaves the rest alone", async () => {
      const { port } = await grounds.sshd();
      const path = grounds.write("grown", `elsewhere ${publicKey("user_key")}\n`);
      execFileSync("ssh-keygen", ["-q", "-H", "-f", path], { stdio: "ignore" });
      const before = grounds.read("grown").trimEnd();
      writeFileSync(path, before);
      const pool = grounds.pool({
        node1: grounds.entry(port, { knownHostsFile: path, trustOnFirstUse: true }),
      });
      await pool.host("node1").run(sh`true`);
      const [old, added, end] = grounds.read("grown").split("\n");
      expect([old, end]).toEqual([before, ""]);
      expect(added).toMatch(/^\|1\|/);
      expect(foundByOpenSsh(path, port)).toBe(true);
    });

    it("is written whole by each of several processes at once, also past a lock that was left behind", async () => {
      const hosts = await Promise.all([1, 2, 3].map(async () => grounds.sshd()));
      const fields = { knownHostsFile: "shared", trustOnFirstUse: true };
      const lock = grounds.write("shared.torocloud-lock", "");
      utimesSync(lock, 1, 1);
      const inventory = grounds.inventory(
        Object.fromEntries(hosts.map(({ port }, index) => [`node${index}`, grounds.entry(port, fields)])),
      );
      const sources = compiledSources(grounds.folder);
      const program = grounds.write(
        "program.mjs",
        `import { loadInventory } from ${JSON.stringify(join(sources, "inventory/index.js"))};
         import { SshPool } from ${JSON.stringify(join(sources, "ssh/index.js"))};
         const pool = new SshPool(() => loadInventory(${JSON.stringify(inventory)}), { machines: "any" });
         const steps = [{ do: "readMarker", place: { in: "host", path: "/nowhere" } }];
         await Promise.all([0, 1, 2].map((n) => pool.host("node" + n).ask({ steps })));
         await pool.close();`,
      );
      const exits = await Promise.all(
        Array.from({ length: 3 }, async () =>
          once(spawn(process.execPath, [program], { stdio: "inherit" }), "exit"),
        ),
      );
      expect(exits).toEqual([0, 1, 2].map(() => [0, null]));
      const names = hosts.map(({ port }) => `[127.0.0.1]:${port} ${publicKey("host_key")}`);
      expect(grounds.read("shared").trimEnd().split("\n").sort()).toEqual(names.sort());
      expect(existsSync(lock)).toBe(false);
    });

    it("that cannot be written down is not trusted", async () => {
      const { port } = await grounds.sshd();
      const fields = {
        knownHostsFile: join(grounds.folder, "user_key", "known_hosts"),
        trustOnFirstUse: true,
      };
      const pool = grounds.pool({ node1: grounds.entry(port, fields) });
      await expect(pool.host("node1").run(sh`true`)).rejects.toThrow(/cannot be (read|written)/);
    });
  });
});
