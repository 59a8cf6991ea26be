import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { HostUnreachable } from "../../../provider/src/host-program/host.ts";
import { sh, type TestPool } from "./programs.ts";
import { ensureDebianPackages } from "../../../tools/src/debian-packages.ts";
import { Grounds, isRunning, obstacle, rejection, ThrowAwayUser } from "./openssh.ts";

const reason = obstacle();
const text = "grüße 🚀 \u0301 'quoted' $HOME `id` \\n !x %";

describe.skipIf(reason !== "")(`a user of a real sshd${reason && ` (skipped: ${reason})`}`, () => {
  const grounds = new Grounds();
  let user: ThrowAwayUser;

  beforeAll(async () => {
    await ensureDebianPackages(["sudo", "openssl", "fish", "csh"]);
    user = new ThrowAwayUser();
  }, 300_000);
  afterEach(async () => grounds.cleanUp());
  afterAll(() => {
    user.remove();
    grounds.remove();
  });

  async function login(
    fields: Record<string, unknown> = {},
    environment: NodeJS.ProcessEnv = {},
  ): Promise<TestPool> {
    const server = await grounds.sshd();
    return grounds.pool(
      { node1: grounds.entry(server.port, { user: user.name, ...fields }) },
      { environment },
    );
  }

  describe("with sudo", () => {
    it("is root for each script, without a password", async () => {
      user.maySudo("% ALL=(ALL) NOPASSWD: ALL");
      const pool = await login();
      const result = await pool
        .host("node1")
        .run(sh`id -u; printf %s ${text}; cat; exit 3`, { stdin: "\0in\n" });
      expect(result).toEqual({ exitCode: 3, stdout: `0\n${text}\0in\n`, stderr: "" });
    });

    it.each(["use_pty", "!use_pty", "log_output", "env_reset, timestamp_timeout=0"])(
      "is root whatever else sudoers demands: %s",
      async (option) => {
        user.maySudo(`Defaults:% ${option}`, "% ALL=(ALL) NOPASSWD: ALL");
        const pool = await login();
        const { stdout } = await pool
          .host("node1")
          .run(sh`id -u; cat`, { stdin: Buffer.from([0, 10, 13, 4, 3]) });
        expect(stdout).toBe("0\n\0\n\r\x04\x03");
      },
    );

    it("gives the password when sudo asks for it, and works when it does not ask", async () => {
      user.password(execFileSync("openssl", ["passwd", "-6", "open sesame"], { encoding: "utf8" }).trim());
      user.maySudo("Defaults:% timestamp_timeout=0", "% ALL=(ALL) ALL");
      const environment = { SUDO_PASSWORD: "open sesame" };
      const pool = await login({ sudoPasswordEnv: "SUDO_PASSWORD" }, environment);
      const run = async (): Promise<unknown> => pool.host("node1").run(sh`id -u; cat`, { stdin: "in" });
      expect(await run()).toEqual({ exitCode: 0, stdout: "0\nin", stderr: "" });
      user.maySudo("% ALL=(ALL) NOPASSWD: ALL");
      expect(await run()).toEqual({ exitCode: 0, stdout: "0\nin", stderr: "" });
    });

    it("is refused with a wrong password, which no message shows", async () => {
      user.maySudo("Defaults:% timestamp_timeout=0", "% ALL=(ALL) ALL");
      const pool = await login({ sudoPasswordEnv: "PW" }, { PW: "wrong-one" });
      const error = await rejection(pool.host("node1").run(sh`true`));
      expect(error).toBeInstanceOf(HostUnreachable);
      expect(error.message).toContain(
        `node1: sudo refuses the password of ${user.name} in the environment variable PW`,
      );
      expect(error.message).not.toContain("wrong-one");
    });

    it("is told what to do when sudo asks and no password is named", async () => {
      user.maySudo("% ALL=(ALL) ALL");
      const error = await rejection((await login()).host("node1").run(sh`true`));
      expect(error.message).toMatch(
        new RegExp(`^node1: sudo asks for the password of ${user.name}; .*NOPASSWD.*sudoPasswordEnv`),
      );
    });

    it("is told what to do when sudoers has nothing about the user", async () => {
      user.maySudo("# nothing");
      const pool = await login({ sudoPasswordEnv: "PW" }, { PW: "open sesame" });
      const error = await rejection(pool.host("node1").run(sh`true`));
      expect(error.message).toMatch(new RegExp(`^node1: ${user.name} may not become root with sudo; add`));
    });

    it("is told what to do when sudo wants a terminal", async () => {
      user.maySudo("Defaults:% requiretty", "% ALL=(ALL) NOPASSWD: ALL");
      const error = await rejection((await login()).host("node1").run(sh`true`));
      expect(error.message).toContain(`add "Defaults:${user.name} !requiretty" to /etc/sudoers.d`);
    });

    it.each(["!use_pty", "use_pty"])(
      "leaves nothing of a script behind when it is ended (%s)",
      async (option) => {
        user.maySudo(`Defaults:% ${option}`, "% ALL=(ALL) NOPASSWD: ALL");
        const pool = await login();
        const limited = pool.host("node1").run(sh`sleep 96751`, { timeoutSeconds: 3 });
        limited.catch(() => undefined);
        await vi.waitUntil(() => isRunning("sleep 96751"), { timeout: 20_000 });
        expect((await rejection(limited)).message).toMatch(/within 3 s and was ended$/);
        await vi.waitUntil(() => !isRunning("sleep 96751"), { timeout: 10_000 });
        const endless = pool.host("node1").run(sh`sleep 96752`);
        endless.catch(() => undefined);
        await vi.waitUntil(() => isRunning("sleep 96752"), { timeout: 20_000 });
        pool.interrupt("the test is over");
        expect((await rejection(endless)).message).toContain("node1: interrupted");
        await vi.waitUntil(() => !isRunning("sleep 96752"), { timeout: 10_000 });
      },
    );
  });

  describe("whose login shell", () => {
    const greeting = "echo Welcome to this host; echo 'Have a nice day' >&2";
    it.each([
      ["/usr/bin/fish", ".config/fish/config.fish", greeting],
      ["/bin/csh", ".cshrc", `echo Welcome to this host; sh -c "echo nice day >&2"`],
      ["/bin/bash", ".bashrc", greeting],
      ["/bin/sh", ".profile", greeting],
    ])("is %s with a greeting sees nothing of it, and runs what it is told", async (shell, file, content) => {
      user.shell(shell);
      user.write(file, `${content}\n`);
      user.maySudo("% ALL=(ALL) NOPASSWD: ALL");
      const greeted = await (
        await login({ become: "none" })
      )
        .host("node1")
        .run(sh`printf %s ${text}; cat; id -u >&2`, {
          stdin: "in",
        });
      expect(greeted).toMatchObject({ exitCode: 0, stdout: `${text}in` });
      expect(greeted.stderr).toMatch(/^[1-9]\d*\n$/);
      const asRoot = await (await login()).host("node1").run(sh`id -u; exit 4`);
      expect(asRoot).toEqual({ exitCode: 4, stdout: "0\n", stderr: "" });
    });

    it("greets indeed", async () => {
      user.shell("/usr/bin/fish");
      user.write(".config/fish/config.fish", `${greeting}\n`);
      const out = execFileSync("su", [user.name, "-c", "true"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(out).toContain("Welcome");
    });

    it("is not there, or lets nobody in, is named", async () => {
      user.maySudo("% ALL=(ALL) NOPASSWD: ALL");
      user.shell("/usr/sbin/nologin");
      const closed = await rejection((await login()).host("node1").run(sh`true`));
      expect(closed.message).toMatch(/^node1: .*not started by the login shell of .*not available/);
      user.shell("/bin/sh");
    });
  });

  it.each([["LANG=C"], ["LC_ALL=xx_YY.ISO-8859-15", "LANG=tlh_QX"], []])(
    "has text unchanged whatever the locale there: %s %s",
    async (...variables) => {
      user.maySudo("Defaults:% env_keep+=LC_ALL", "% ALL=(ALL) NOPASSWD: ALL");
      const settings = variables.length === 0 ? [] : [`SetEnv ${variables.join(" ")}`];
      const server = await grounds.sshd(...settings);
      for (const become of ["sudo", "none"]) {
        const pool = grounds.pool({ node1: grounds.entry(server.port, { user: user.name, become }) });
        const result = await pool
          .host("node1")
          .run(sh`printf %s ${text} | tee /dev/stderr; ls /nonexistent`, {});
        expect(result.stdout).toBe(text);
        expect(result.stderr).toBe(`${text}ls: cannot access '/nonexistent': No such file or directory\n`);
      }
    },
  );
});
