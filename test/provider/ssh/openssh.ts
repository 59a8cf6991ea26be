import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { expect, vi } from "vitest";
import { loadInventory } from "../../../provider/src/inventory/index.ts";
import type { PoolOptions } from "../../../provider/src/ssh/index.ts";
import { testProgram, TestPool } from "./programs.ts";

const sshd = "/usr/sbin/sshd";

/** Why there can be no real sshd here; nothing when there can. Where tests must not be skipped, that is an error. */
export function obstacle(): string {
  const reason = !existsSync(sshd) ? `${sshd} is missing` : userInfo().uid !== 0 ? "this is not root" : "";
  if (reason !== "" && process.env["CI"] !== undefined)
    throw new Error(`these tests need a real sshd: ${reason}`);
  return reason;
}

export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("it should have been rejected"),
    (error: unknown) => error as Error,
  );
}

/** Whether a process of this machine has `words` in its arguments. */
export function isRunning(words: string): boolean {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(words);
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}

/** One real sshd with configuration and port of its own. */
export class OpenSsh {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.child = child;
  }

  static async start(folder: string, settings: readonly string[]): Promise<OpenSsh> {
    const port = await freePort();
    const config = join(folder, `sshd_config_${port}`);
    const lines = [
      // The first line about a thing is the one that counts.
      ...settings,
      ...[`Port ${port}`, "ListenAddress 127.0.0.1", `HostKey ${join(folder, "host_key")}`],
      ...[`AuthorizedKeysFile ${join(folder, "user_key.pub")}`, "StrictModes no", "UsePAM no"],
      ...["PidFile none", "PermitRootLogin yes", "LogLevel ERROR"],
    ];
    writeFileSync(config, lines.join("\n"));
    mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
    const child = spawn(sshd, ["-D", "-e", "-f", config], { stdio: "ignore" });
    await vi.waitUntil(async () => answers(port), { timeout: 10_000 });
    return new OpenSsh(port, child);
  }

  /** End it and every connection that it serves. */
  async stop(): Promise<void> {
    this.cut();
    const exit = once(this.child, "exit");
    this.child.kill();
    await exit;
  }

  /** End the processes that serve its connections. */
  cut(): void {
    for (const pid of this.serving()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    }
  }

  /** The processes that serve its connections. */
  serving(): number[] {
    const file = `/proc/${this.child.pid ?? 0}/task/${this.child.pid ?? 0}/children`;
    return readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number);
  }
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (reached: boolean) => () => {
      socket.destroy();
      resolve(reached);
    };
    socket.once("connect", answer(true)).once("error", answer(false));
  });
}

/** What a {@link Proxy} does to the connections through it. */
export interface Road {
  /** How much later everything arrives. */
  readonly delayMs?: number;
  /** How many bytes pass in a second. */
  readonly bytesPerSecond?: number;
  /** Cuts connections once so many bytes came from the server, one for each number. */
  readonly dropAfterBytes?: number[];
}

/** A road to a server on this machine that is as bad as it is told to be. */
export class Proxy {
  readonly address: string;
  private readonly sockets = new Set<Socket>();
  private readonly lanes: Transform[] = [];
  private readonly listener;
  connections = 0;

  constructor(target: () => number, road: Road = {}, address = "127.0.0.1") {
    this.address = address;
    this.listener = createServer((from) => {
      this.connections += 1;
      const to = connect(target(), "127.0.0.1");
      for (const socket of [from, to])
        this.sockets.add(
          socket.on("error", () => undefined).once("close", () => this.sockets.delete(socket)),
        );
      const limit = road.dropAfterBytes?.shift();
      let passed = 0;
      to.on("data", (chunk: Buffer) => {
        passed += chunk.length;
        if (limit !== undefined && passed >= limit) for (const socket of [from, to]) socket.destroy();
      });
      const lanes = [slow(road), slow(road)] as const;
      this.lanes.push(...lanes);
      from.pipe(lanes[0]).pipe(to);
      to.pipe(lanes[1]).pipe(from);
      from.once("close", () => to.destroy());
      to.once("close", () => from.destroy());
    });
  }

  async listen(): Promise<this> {
    this.listener.listen(0, this.address);
    await once(this.listener, "listening");
    return this;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Carries nothing any more, and tells neither end. */
  silence(): void {
    for (const socket of this.sockets) socket.unpipe().pause().removeAllListeners("data");
    for (const lane of this.lanes.splice(0)) lane.unpipe();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.listener.close(resolve));
  }
}

function slow({ delayMs = 0, bytesPerSecond = Infinity }: Road): Transform {
  return new Transform({
    highWaterMark: 4096,
    transform(chunk: Buffer, _, done) {
      const ms = delayMs + (chunk.length / bytesPerSecond) * 1000;
      if (ms === 0) done(undefined, chunk);
      else setTimeout(done, ms, undefined, chunk);
    },
  });
}

/** A user of this machine who is not root and who is gone after the test. */
export class ThrowAwayUser {
  readonly name = `toro-t${randomBytes(4).toString("hex")}`;
  readonly home = join(tmpdir(), this.name);
  private readonly sudoers = `/etc/sudoers.d/${this.name}`;

  constructor(shell = "/bin/sh") {
    execFileSync("useradd", ["--create-home", "--home-dir", this.home, "--shell", shell, this.name]);
    // Without PAM, sshd keeps out whoever has no password field that could ever match.
    this.password("*");
  }

  password(encrypted: string): void {
    execFileSync("usermod", ["--password", encrypted, this.name]);
  }

  shell(program: string): void {
    execFileSync("usermod", ["--shell", program, this.name]);
  }

  /** A file in the home. */
  write(name: string, content: string): void {
    const file = join(this.home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    execFileSync("chown", ["-R", this.name, this.home]);
  }

  /** What sudoers says of the user; lines in which % stands for the name. */
  maySudo(...lines: readonly string[]): void {
    const content = lines.map((line) => `${line.replaceAll("%", this.name)}\n`).join("");
    writeFileSync(`${this.sudoers}.new`, content, { mode: 0o440 });
    execFileSync("visudo", ["-q", "-c", "-f", `${this.sudoers}.new`]);
    // sudo passes over names with a dot.
    execFileSync("mv", ["-f", `${this.sudoers}.new`, this.sudoers]);
  }

  remove(): void {
    rmSync(this.sudoers, { force: true });
    execFileSync("userdel", ["--force", "--remove", this.name], { stdio: "ignore" });
  }
}

/** A folder with keys and an inventory, servers, roads and pools, and all of it gone after the test. */
export class Grounds {
  readonly folder = mkdtempSync(join(tmpdir(), "torocloud-sshd-"));
  readonly lines: string[] = [];
  private readonly cleanups: (() => Promise<void>)[] = [];

  constructor() {
    // sshd reads authorized_keys as the user who logs in.
    chmodSync(this.folder, 0o755);
    if (obstacle() === "") for (const name of ["host_key", "user_key"]) this.key(name);
  }

  key(name: string, ...options: readonly string[]): string {
    const file = join(this.folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file, ...options]);
    return file;
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  async sshd(...settings: readonly string[]): Promise<OpenSsh> {
    const server = await OpenSsh.start(this.folder, settings);
    this.cleanups.push(async () => server.stop());
    return server;
  }

  async road(target: () => number, road: Road = {}, address = "127.0.0.1"): Promise<Proxy> {
    const proxy = await new Proxy(target, road, address).listen();
    this.cleanups.push(async () => proxy.close());
    return proxy;
  }

  /** What leads to a server on this machine: as root, with the pinned key, unless `fields` say otherwise. */
  entry(port: number, fields: Record<string, unknown> = {}): Record<string, unknown> {
    const pinned = "knownHostsFile" in fields ? {} : { hostKey: this.read("host_key.pub").trim() };
    return { address: "127.0.0.1", port, privateKeyFile: "user_key", ...pinned, ...fields };
  }

  inventory(hosts: Record<string, Record<string, unknown>>): string {
    return this.write("inventory.json", JSON.stringify({ hosts }));
  }

  pool(hosts: Record<string, Record<string, unknown>>, options: PoolOptions = {}): TestPool {
    const file = this.inventory(hosts);
    const log = (line: string): number => this.lines.push(line);
    const pool = new TestPool(() => loadInventory(file), {
      ...{ dialWaitSeconds: 0.2, machines: "any", program: testProgram, log },
      ...options,
    });
    this.cleanups.unshift(async () => pool.close());
    return pool;
  }

  afterwards(act: () => Promise<void>): void {
    this.cleanups.push(act);
  }

  async cleanUp(): Promise<void> {
    this.lines.length = 0;
    for (const cleanup of this.cleanups.splice(0)) await cleanup();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
